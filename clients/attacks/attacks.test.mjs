// What somebody who wants in would try, against a running server on loopback. Everything here is bounded and stops by itself.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import {
  AdminCreateUserCommand, AdminSetUserPasswordCommand, ConfirmForgotPasswordCommand, ConfirmSignUpCommand, ForgotPasswordCommand,
  GetUserCommand, InitiateAuthCommand, RespondToAuthChallengeCommand, SignUpCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { copyOfExample, newestCode, start } from '../support/server.mjs';
import { guest, makePool, oauth } from '../support/pools.mjs';

let server;
let made;
let visitor;
let deployed;
before(async () => {
  server = await start();
  made = await makePool(server, { client: oauth, domain: 'target' });
  visitor = guest(server);
  deployed = JSON.parse((await server.poolhouse(['deploy', await copyOfExample('secure-rest-api'), '--stage', 'beta', '--json'])).stdout);
});
after(() => server?.remove());

const attempt = (command) => visitor.send(command).catch((error) => error);
const initiate = (USERNAME, PASSWORD) => attempt(new InitiateAuthCommand({ ClientId: made.clientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME, PASSWORD } }));

async function person(email, password = 'Passw0rd', permanent = true) {
  await made.admin.send(new AdminCreateUserCommand({ UserPoolId: made.poolId, Username: email, MessageAction: 'SUPPRESS', TemporaryPassword: 'Temp0rary', UserAttributes: [{ Name: 'email', Value: email }, { Name: 'email_verified', Value: 'true' }] }));
  if (permanent) await made.admin.send(new AdminSetUserPasswordCommand({ UserPoolId: made.poolId, Username: email, Password: password, Permanent: true }));
}

test('a confirmation code works once, and guessing it is cut short', async () => {
  const email = 'guess@example.com';
  await visitor.send(new SignUpCommand({ ClientId: made.clientId, Username: email, Password: 'Passw0rd', UserAttributes: [{ Name: 'email', Value: email }] }));
  const code = await newestCode(server, email);
  const wrong = code === '123456' ? '654321' : '123456';
  const names = new Set();
  for (let guess = 0; guess < 12; guess += 1) names.add((await attempt(new ConfirmSignUpCommand({ ClientId: made.clientId, Username: email, ConfirmationCode: wrong }))).name);
  assert.ok([...names].every((name) => ['CodeMismatchException', 'TooManyFailedAttemptsException', 'LimitExceededException', 'ExpiredCodeException'].includes(name)), [...names].join());
  assert.ok(names.size > 1, 'twelve wrong guesses in a row were all allowed');
});

test('a password reset code works once and for its own account only', async () => {
  await person('victim@example.com');
  await person('thief@example.com');
  await visitor.send(new ForgotPasswordCommand({ ClientId: made.clientId, Username: 'thief@example.com' }));
  const code = await newestCode(server, 'thief@example.com');
  const reset = (Username) => attempt(new ConfirmForgotPasswordCommand({ ClientId: made.clientId, Username, ConfirmationCode: code, Password: 'St0len' }));
  assert.match((await reset('victim@example.com')).name, /CodeMismatch|ExpiredCode/);
  assert.equal((await reset('thief@example.com')).$metadata.httpStatusCode, 200);
  assert.match((await reset('thief@example.com')).name, /CodeMismatch|ExpiredCode/);
  assert.ok((await initiate('victim@example.com', 'Passw0rd')).AuthenticationResult);
});

test('a session step is good once, for its own person and step; a made-up one for nothing', async () => {
  await person('temp@example.com', undefined, false);
  await person('other@example.com', undefined, false);
  const { Session } = await initiate('temp@example.com', 'Temp0rary');
  const answer = (session, USERNAME, ChallengeName = 'NEW_PASSWORD_REQUIRED') => attempt(new RespondToAuthChallengeCommand({ ClientId: made.clientId, ChallengeName, Session: session, ChallengeResponses: { USERNAME, NEW_PASSWORD: 'Perm4nent', PASSWORD_CLAIM_SIGNATURE: 'x', PASSWORD_CLAIM_SECRET_BLOCK: 'x', TIMESTAMP: 'x' } }));
  assert.equal((await answer(Session, 'other@example.com')).name, 'NotAuthorizedException');
  const { Session: second } = await initiate('temp@example.com', 'Temp0rary');
  assert.match((await answer('A'.repeat(400), 'temp@example.com')).name, /NotAuthorized|InvalidParameter/);
  assert.match((await answer(`${second.slice(0, -4)}AAAA`, 'temp@example.com')).name, /NotAuthorized|InvalidParameter/);
  assert.ok((await answer(second, 'temp@example.com')).AuthenticationResult);
  assert.match((await answer(second, 'temp@example.com')).name, /NotAuthorized|InvalidParameter|CodeMismatch|ExpiredCode/);
  assert.equal((await initiate('temp@example.com', 'Temp0rary')).name, 'NotAuthorizedException');
});

test('any SRP answer will not do', async () => {
  await person('srp@example.com');
  for (const SRP_A of ['00', '0', 'FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF']) {
    const refused = await attempt(new InitiateAuthCommand({ ClientId: made.clientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME: 'srp@example.com', SRP_A } }));
    assert.match(refused.name ?? '', /Exception$/, `SRP_A ${SRP_A.slice(0, 8)} was taken`);
  }
  const challenge = await visitor.send(new InitiateAuthCommand({ ClientId: made.clientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME: 'srp@example.com', SRP_A: 'ab'.repeat(300) } }));
  const answered = await attempt(new RespondToAuthChallengeCommand({
    ClientId: made.clientId, ChallengeName: 'PASSWORD_VERIFIER', Session: challenge.Session,
    ChallengeResponses: { USERNAME: challenge.ChallengeParameters.USER_ID_FOR_SRP, PASSWORD_CLAIM_SECRET_BLOCK: challenge.ChallengeParameters.SECRET_BLOCK, TIMESTAMP: 'Sat Nov 21 21:00:00 UTC 2026', PASSWORD_CLAIM_SIGNATURE: Buffer.alloc(32).toString('base64') },
  }));
  assert.equal(answered.name, 'NotAuthorizedException');
});

test('five wrong passwords lock the account for a moment, the right one too', async () => {
  await person('locked@example.com');
  for (let guess = 0; guess < 6; guess += 1) await initiate('locked@example.com', `Wr0ng${guess}`);
  const refused = await initiate('locked@example.com', 'Passw0rd');
  assert.equal(refused.name, 'NotAuthorizedException');
  assert.match(refused.message, /Password attempts exceeded/);
});

test('forged tokens open nothing', async () => {
  await person('token@example.com');
  const { AuthenticationResult: tokens } = await initiate('token@example.com', 'Passw0rd');
  const [header, payload, signature] = tokens.AccessToken.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const forged of [
    `${encode({ alg: 'none', kid: JSON.parse(Buffer.from(header, 'base64url')).kid })}.${payload}.`,
    `${header}.${encode({ ...claims, username: 'somebody', sub: '00000000-0000-4000-8000-000000000000' })}.${signature}`,
    `${encode({ alg: 'HS256', kid: JSON.parse(Buffer.from(header, 'base64url')).kid })}.${payload}.${signature}`,
    tokens.IdToken, tokens.RefreshToken, 'a.b.c', `${tokens.AccessToken}=`,
  ]) {
    assert.match((await attempt(new GetUserCommand({ AccessToken: forged }))).name, /NotAuthorized|InvalidParameter/, forged.slice(0, 40));
  }
});

test('redirect_uri near-misses never leave our site', async () => {
  const hosted = `${server.base}/auth/target`;
  for (const near of ['http://localhost:3000', 'http://localhost:3000/x', 'http://localhost:3000/?a', 'http://localhost:3000/#', 'http://LOCALHOST:3000/', 'https://localhost:3000/', 'http://localhost:3000//', 'http://localhost:3000@evil.example/', 'http://localhost:3000/%2e', '//localhost:3000/', 'javascript:alert(1)', 'http://localhost:3000/\n']) {
    for (const path of ['login', 'oauth2/authorize', 'signup', 'forgotPassword']) {
      const answer = await fetch(`${hosted}/${path}?response_type=token&client_id=${made.clientId}&redirect_uri=${encodeURIComponent(near)}`, { redirect: 'manual' });
      const location = answer.headers.get('location');
      assert.ok(!location || new URL(location, hosted).origin === server.base, `${path} with ${near} went to ${location}`);
    }
    const answer = await fetch(`${hosted}/logout?client_id=${made.clientId}&logout_uri=${encodeURIComponent(near)}`, { redirect: 'manual' });
    const location = answer.headers.get('location');
    assert.ok(!location || new URL(location, hosted).origin === server.base, `logout with ${near} went to ${location}`);
  }
});

test('a form without our token, or from another site, is not taken; steps cannot be skipped', async () => {
  await person('csrf@example.com');
  const query = `response_type=code&client_id=${made.clientId}&redirect_uri=${encodeURIComponent('http://localhost:3000/')}`;
  const shown = await fetch(`${server.base}/auth/target/login?${query}`);
  const cookie = shown.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  const csrf = /name="_csrf" value="([^"]+)"/.exec(await shown.text())[1];
  const post = (path, fields, headers = {}) => fetch(`${server.base}/auth/target/${path}?${query}`, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers: { cookie, ...headers } });
  const right = { username: 'csrf@example.com', password: 'Passw0rd' };
  for (const answer of [await post('login', right), await post('login', { ...right, _csrf: 'x' }), await post('login', { ...right, _csrf: csrf }, { origin: 'https://evil.example' }), await post('login', { ...right, _csrf: csrf }, { 'sec-fetch-site': 'cross-site' }), await post('login', { ...right, _csrf: csrf }, { cookie: '' })]) {
    assert.ok(!(answer.headers.get('location') ?? '').startsWith('http://localhost:3000/'), 'a foreign form was taken');
  }
  for (const [path, fields] of [['confirmForgotPassword', { code: '123456', password: 'Sk1pped' }], ['changePassword', { password: 'Sk1pped' }], ['mfa', { code: '123456' }], ['confirmUser', { code: '123456' }]]) {
    const answer = await post(path, { ...fields, _csrf: csrf });
    assert.ok(!(answer.headers.get('location') ?? '').startsWith('http://localhost:3000/'), `${path} was reached without the step before it`);
  }
  assert.equal((await post('login', { ...right, _csrf: csrf })).status, 302);
});

test('script in any field of any page is text', async () => {
  const script = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
  const encoded = encodeURIComponent(script);
  const query = `response_type=token&client_id=${made.clientId}&redirect_uri=${encodeURIComponent('http://localhost:3000/')}`;
  for (const path of ['login', 'signup', 'confirmUser', 'forgotPassword', 'confirmForgotPassword', 'error', 'oauth2/authorize', 'logout', 'oauth2/idpresponse', encoded]) {
    for (const extra of [`&state=${encoded}&nonce=${encoded}&login_hint=${encoded}&username=${encoded}`, `&scope=${encoded}`, `&error=${encoded}&error_description=${encoded}`]) {
      const answer = await fetch(`${server.base}/auth/target/${path}?${query}${extra}`, { redirect: 'manual' });
      assert.doesNotMatch(await answer.text(), /<script|<img/i, path);
      if ((answer.headers.get('content-type') ?? '').includes('html')) {
        assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, path);
      }
    }
  }
  const shown = await fetch(`${server.base}/auth/target/login?${query}`);
  const cookie = shown.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  const csrf = /name="_csrf" value="([^"]+)"/.exec(await shown.text())[1];
  for (const path of ['login', 'signup', 'forgotPassword', 'confirmUser', 'confirmForgotPassword', 'resendcode']) {
    const answer = await fetch(`${server.base}/auth/target/${path}?${query}`, { method: 'POST', redirect: 'manual', headers: { cookie }, body: new URLSearchParams({ _csrf: csrf, username: script, password: script, code: script, 'requiredAttributes[email]': script, [script]: script }) });
    assert.doesNotMatch(await answer.text(), /<script|<img/i, path);
  }
});

test('no trick with the path gets past the authorizer', async () => {
  const guarded = new URL(deployed.endpoints.find(({ url }) => url.endsWith('/hiUsers')).url);
  const stage = guarded.pathname.replace(/\/hiUsers$/, '');
  const ask = (path, headers = {}) => new Promise((done, failed) => {
    const sent = httpRequest({ host: '127.0.0.1', port: server.port, path, headers: { host: guarded.host, ...headers } }, (answer) => {
      let text = '';
      answer.on('data', (data) => (text += data));
      answer.on('end', () => done({ status: answer.statusCode, text }));
    });
    sent.on('error', failed).end();
  });
  for (const trick of ['/hiUsers/', '//hiUsers', '/./hiUsers', '/x/../hiUsers', '/hiAll/../hiUsers', '/hiAll/%2e%2e/hiUsers', '/hiAll%2f..%2fhiUsers', '/hiUsers;x=1', '/;/hiUsers', '/%68iUsers', '/hiUsers%00', '/hiUsers%20', '/HIUSERS', '/hiusers', '/hiUsers%2f', '/hiUsers?x', '/hiUsers#', '/hiAll/hiUsers', '/%252e%252e/hiUsers', '/hi%55sers', '/hiUsers.', '/hiUsers%c0%af']) {
    const { status, text } = await ask(stage + trick, { 'x-amzn-requestcontext': '{"authorizer":{"claims":{"sub":"x"}}}', 'x-original-url': '/hiAll', 'x-rewrite-url': '/hiAll', 'x-http-method-override': 'OPTIONS' });
    assert.notEqual(status, 200, `${trick} → ${text}`);
  }
});

test('AWS calls want a signature: unsigned, by another secret, expired and replayed on another body', async () => {
  const post = (headers, body) => fetch(server.base, { method: 'POST', headers: { 'content-type': 'application/x-amz-json-1.1', ...headers }, body });
  const target = (name) => ({ 'x-amz-target': `AWSCognitoIdentityProviderService.${name}` });
  const unsigned = await post(target('ListUsers'), JSON.stringify({ UserPoolId: made.poolId }));
  assert.equal(unsigned.status, 400);
  assert.match(await unsigned.text(), /MissingAuthenticationToken/);
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const forged = await fetch(server.base, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-amz-date': '20200101T000000Z', authorization: `AWS4-HMAC-SHA256 Credential=${(await server.credentials()).accessKeyId}/20200101/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}` } });
  assert.equal(forged.status, 403);
  const { AdminGetUserCommand, ListUsersCommand, CognitoIdentityProviderClient } = await import('@aws-sdk/client-cognito-identity-provider');
  const wrong = new CognitoIdentityProviderClient({ region: 'us-east-1', endpoint: server.base, maxAttempts: 1, credentials: { ...(await server.credentials()), secretAccessKey: 'x'.repeat(40) } });
  assert.match((await wrong.send(new ListUsersCommand({ UserPoolId: made.poolId })).catch((error) => error)).name, /InvalidSignature|SignatureDoesNotMatch/);
  let captured;
  const admin = new CognitoIdentityProviderClient({ region: 'us-east-1', endpoint: server.base, maxAttempts: 1, credentials: await server.credentials() });
  admin.middlewareStack.add((next) => async (args) => ((captured = args.request), next(args)), { step: 'finalizeRequest', priority: 'low', name: 'capture' });
  await admin.send(new ListUsersCommand({ UserPoolId: made.poolId }));
  const replay = (headers, text) => fetch(`${server.base}${captured.path}`, { method: 'POST', headers: Object.fromEntries(Object.entries({ ...captured.headers, ...headers }).filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase()))), body: text });
  assert.equal((await replay({ 'x-amz-target': 'AWSCognitoIdentityProviderService.DeleteUserPool' }, captured.body)).status, 400);
  assert.equal((await replay({}, captured.body.replace(made.poolId, `${made.poolId.slice(0, -1)}x`))).status, 400);
  void AdminGetUserCommand;
});

test('a body of 100 MB is refused and the server stays well', async () => {
  const refused = await new Promise((done) => {
    const sent = httpRequest({ host: '127.0.0.1', port: server.port, method: 'POST', path: '/', headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityProviderService.SignUp', 'content-length': 100 * 1024 * 1024 } }, (answer) => (answer.resume(), done(answer.statusCode)));
    sent.on('error', (error) => done(error.code));
    const piece = Buffer.alloc(1 << 20, 'a');
    let left = 100;
    const more = () => { while (left > 0 && !sent.destroyed) { left -= 1; if (!sent.write(piece)) return sent.once('drain', more); } sent.end(); };
    more();
  });
  assert.ok([400, 413, 'ECONNRESET', 'EPIPE'].includes(refused), String(refused));
  assert.equal((await fetch(`${server.base}/health/live`)).status, 200);
});

test('ten thousand slow connections do not keep others out', { timeout: 120_000 }, async () => {
  const sockets = [];
  try {
    for (let batch = 0; batch < 100; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, () => new Promise((done) => {
        const socket = connect(server.port, '127.0.0.1', () => { socket.write('POST / HTTP/1.1\r\nhost: localhost\r\nx-slow: '); done(); });
        socket.on('error', done);
        sockets.push(socket);
      })));
    }
    const started = Date.now();
    assert.equal((await fetch(`${server.base}/health/live`, { signal: AbortSignal.timeout(20_000) })).status, 200);
    assert.ok((await initiate('token@example.com', 'Passw0rd')).AuthenticationResult);
    console.log(`answered beside ${sockets.filter((socket) => !socket.destroyed).length} open slow connections after ${Date.now() - started} ms`);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
