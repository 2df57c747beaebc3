// Signs in through the pool's hosted pages and calls the API with what comes back.
//
// The implicit grant, as in "Using the Hosted UI": the pages send the browser back here with #id_token=… behind the
// address. A fragment is not sent to any server; it is taken out of the address at once, and kept for this tab alone.

const $ = (id) => document.getElementById(id);
const home = `${location.origin}/`;
const { hostedUi, clientId, hiUsers, hiAll } = await (await fetch('addresses.json')).json();

function claimsOf(token) {
  const payload = token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (character) => character.charCodeAt(0))));
}

/** What the hosted pages sent back, if it answers the question that this tab asked. */
function comeBack() {
  const answer = new URLSearchParams(location.hash.slice(1));
  if (![...answer.keys()].length) return;
  history.replaceState(null, '', home);
  const asked = sessionStorage.getItem('state');
  sessionStorage.removeItem('state');
  // Without a state the link was opened by hand, as the posts do it; with one it must be ours.
  if (answer.has('state') && answer.get('state') !== asked) return show('Sign-in refused', 'The answer belongs to another question.');
  if (answer.has('error')) return show('Sign-in refused', answer.get('error_description') ?? answer.get('error'));
  if (answer.has('id_token')) sessionStorage.setItem('id_token', answer.get('id_token'));
}

function token() {
  const kept = sessionStorage.getItem('id_token');
  if (!kept) return null;
  if (claimsOf(kept).exp * 1000 > Date.now()) return kept;
  sessionStorage.removeItem('id_token');
  return null;
}

function show(status, answer) {
  $('status').textContent = status;
  $('answer').textContent = answer;
}

function showWho() {
  const kept = token();
  $('who').textContent = kept ? `Signed in as ${claimsOf(kept).email}.` : 'Nobody is signed in.';
  $('sign-in').hidden = Boolean(kept);
  $('sign-out').hidden = !kept;
}

async function call(url) {
  show('…', '');
  try {
    const kept = token();
    const response = await fetch(url, { headers: kept ? { Authorization: kept } : {} });
    const text = await response.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
    show(`${response.status} ${response.statusText}`, shown);
  } catch (error) {
    show('No answer', error.message);
  }
}

$('sign-in').addEventListener('click', () => {
  const state = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  sessionStorage.setItem('state', state);
  location.assign(`${hostedUi}/login?${new URLSearchParams({ response_type: 'token', client_id: clientId, redirect_uri: home, state })}`);
});
$('sign-out').addEventListener('click', () => {
  sessionStorage.clear();
  location.assign(`${hostedUi}/logout?${new URLSearchParams({ client_id: clientId, logout_uri: home })}`);
});
$('users').addEventListener('click', () => call(hiUsers));
$('all').addEventListener('click', () => call(hiAll));

comeBack();
showWho();
