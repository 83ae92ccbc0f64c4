/** One request of the endpoints; what HTTP needs and nothing of OAuth. */
export interface HttpRequest {
	readonly method: "GET" | "POST";
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: string;
	readonly signal?: AbortSignal;
}

export interface HttpAnswer {
	readonly status: number;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	readonly text: string;
	/** Milliseconds since 1970 at which the request left. */
	readonly sentAt: number;
	readonly durationMs: number;
}

/** Sends one request once; see `http.ts` for the errors it throws. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/** The editor's network settings (host facts, section 6), read anew for each request. */
export interface NetworkRules {
	/** `http.proxy` */
	readonly proxy?: string;
	/** `http.proxyAuthorization`: the value of the header Proxy-Authorization. */
	readonly proxyAuthorization?: string;
	/** `http.noProxy` */
	readonly noProxy?: readonly string[];
	/** `http.proxyStrictSSL` */
	readonly proxyStrictSSL: boolean;
	/** `http.proxySupport` */
	readonly proxySupport: "off" | "on" | "fallback" | "override";
	/** `http.systemCertificates` */
	readonly systemCertificates: boolean;
	/** HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, in either letter case. */
	readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Milliseconds a phase of a request may take. */
export interface Timeouts {
	readonly connectMs: number;
	readonly headersMs: number;
	readonly bodyMs: number;
}
