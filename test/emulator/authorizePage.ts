import { type AuthorizationRequest, approvedAddress, checkAuthorization, deniedAddress } from "./authorization.ts";
import { html, type Incoming, type Reply } from "./http.ts";
import { userOf, type World } from "./world.ts";

/** The two sentences of X's error page (fact sheet, section 2.4). */
export const errorTitle = "Something went wrong";
export const errorText = "You weren't able to give access to the App. Go back and try logging in again.";

/**
 * `/i/oauth2/authorize`: GET shows the consent page, POST is a press on one of its buttons
 * (fact sheet, sections 2.4 and 13.1). The request is in the query both times.
 */
export function authorizeEndpoint(world: World, incoming: Incoming): Reply {
	const checked = checkAuthorization(world, incoming.query);
	if (checked.kind === "errorPage") {
		return html(400, errorPage(checked.reason), "error page");
	}
	if (checked.kind === "redirect") {
		return redirect(checked.address, "invalid_scope");
	}
	const { request } = checked;
	if (incoming.method !== "POST") {
		return html(200, consentPage(world, request, incoming.query), "consent page");
	}
	const fault = world.faults.take("callback");
	if (incoming.form.get("decision") !== "authorize") {
		const address = deniedAddress(world, request, fault);
		return address === undefined ? html(200, cancelledPage(), "cancelled") : redirect(address, "cancelled");
	}
	const user = userOf(world, incoming.form.get("user") ?? world.users[0]?.id);
	if (!user) {
		return html(400, errorPage("the chosen user is not one of the emulator's"), "error page");
	}
	const address = approvedAddress(world, request, user.id, fault);
	const reply = redirect(address, "approved");
	return fault?.kind === "twice" && /^https?:/i.test(address) ? { ...reply, prefetch: address } : reply;
}

function redirect(location: string, outcome: string): Reply {
	return { status: 302, headers: { location, "cache-control": "no-store" }, body: "", outcome };
}

export function escapeHtml(text: string): string {
	const names: Record<string, string> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "#39" };
	return text.replace(/[&<>"']/g, (character) => `&${names[character]};`);
}

function consentPage(world: World, request: AuthorizationRequest, query: URLSearchParams): string {
	const choices = world.users.map(
		(user, index) =>
			`<label class="user"><input type="radio" name="user" value="${escapeHtml(user.id)}"${
				index === 0 ? " checked" : ""
			}> <span>${escapeHtml(user.name)} <small>@${escapeHtml(user.username)}</small></span></label>`,
	);
	const scopes = request.scopes.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`);
	return page(
		`Authorize ${request.app.name}`,
		`<h1>${escapeHtml(request.app.name)} wants to access your account</h1>
<form method="post" action="${escapeHtml(`?${query}`)}">
<fieldset><legend>Account</legend>${choices.join("")}</fieldset>
<p>The app asks for:</p>
<ul>${scopes.join("")}</ul>
<p class="where">You go back to <code>${escapeHtml(request.redirectUri)}</code></p>
<div class="buttons">
<button id="authorize" name="decision" value="authorize" type="submit">Authorize</button>
<button id="cancel" name="decision" value="cancel" type="submit">Cancel</button>
</div>
</form>`,
	);
}

/** X shows no reason; the emulator adds one. */
export function errorPage(reason: string): string {
	return page(
		errorTitle,
		`<h1>${errorTitle}</h1>\n<p>${errorText}</p>\n<p class="where">Only the emulator says why: ${escapeHtml(reason)}.</p>`,
	);
}

function cancelledPage(): string {
	return page("Cancelled", "<h1>Cancelled</h1>\n<p>The app is not told. You can close this tab.</p>");
}

function page(title: string, content: string): string {
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – local X emulator</title>
<style>${style}</style>
</head>
<body>
<p class="banner" role="note"><strong>Local emulator, not X.</strong> Nothing here reaches x.com; accounts and tokens are made up.</p>
<main>
${content}
</main>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --line: #8884; --accent: light-dark(#0f1419, #eff3f4); --on: light-dark(#fff, #0f1419) }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#f4f5f7, #101418); color: light-dark(#0f1419, #e7e9ea) }
.banner { margin: 0; padding: .6rem 1rem; text-align: center; background: light-dark(#ffe9a8, #5c4700); color: inherit }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem 2rem 2rem; border: 1px solid var(--line); border-radius: 1rem; background: light-dark(#fff, #181d22) }
h1 { margin: 0 0 1rem; font-size: 1.35rem; line-height: 1.3 }
fieldset { margin: 0; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .75rem }
.user { display: block; padding: .3rem 0; cursor: pointer }
small, .where { opacity: .75 }
ul { padding-left: 1.2rem }
code { font-size: .9em; overflow-wrap: anywhere }
.buttons { display: grid; gap: .75rem; margin-top: 1.25rem }
button { padding: .7rem 1rem; font: inherit; font-weight: 600; border-radius: 2rem; border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer }
#authorize { background: var(--accent); color: var(--on) }
button:focus-visible { outline: 3px solid #1d9bf0; outline-offset: 2px }
`;
