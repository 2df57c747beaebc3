// The verifiers that APIs use, against our issuer: aws-jwt-verify and openid-client.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AdminCreateUserCommand, AdminSetUserPasswordCommand, InitiateAuthCommand } from '@aws-sdk/client-cognito-identity-provider';
import { CognitoJwtVerifier, JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import * as openid from 'openid-client';
import { start } from '../support/server.mjs';
import { guest, makePool, oauth } from '../support/pools.mjs';

const email = 'grace@example.com';
const password = 'Passw0rd';

/** A pool with one person in it, signed in. */
async function signedIn(server, options) {
  const made = await makePool(server, options);
  await made.admin.send(new AdminCreateUserCommand({ UserPoolId: made.poolId, Username: email, MessageAction: 'SUPPRESS', UserAttributes: [{ Name: 'email', Value: email }, { Name: 'email_verified', Value: 'true' }] }));
  await made.admin.send(new AdminSetUserPasswordCommand({ UserPoolId: made.poolId, Username: email, Password: password, Permanent: true }));
  const { AuthenticationResult } = await guest(server).send(new InitiateAuthCommand({ ClientId: made.clientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: email, PASSWORD: password } }));
  return { ...made, tokens: AuthenticationResult };
}

let server;
let made;
before(async () => {
  server = await start();
  made = await signedIn(server, { client: oauth, domain: 'shop' });
});
after(() => server?.remove());

test('aws-jwt-verify accepts our tokens and refuses changed ones', async () => {
  const verifier = JwtVerifier.create({ issuer: `${server.base}/${made.poolId}`, audience: made.clientId, jwksUri: `${server.base}/${made.poolId}/.well-known/jwks.json` });
  const jwks = await (await fetch(`${server.base}/${made.poolId}/.well-known/jwks.json`)).json();
  verifier.cacheJwks(jwks);
  const claims = await verifier.verify(made.tokens.IdToken);
  assert.equal(claims.email, email);
  const [header, payload, signature] = made.tokens.IdToken.split('.');
  const other = Buffer.from(JSON.stringify({ ...claims, email: 'root@example.com' })).toString('base64url');
  await assert.rejects(verifier.verify(`${header}.${other}.${signature}`), /signature/i);
  const none = Buffer.from(JSON.stringify({ alg: 'none', kid: claims.kid })).toString('base64url');
  await assert.rejects(verifier.verify(`${none}.${payload}.`));
});

test('openid-client discovers us, signs in with code and PKCE, refreshes, asks who it is, and revokes', async () => {
  const configuration = await openid.discovery(new URL(`${server.base}/${made.poolId}`), made.clientId, undefined, openid.None(), { execute: [openid.allowInsecureRequests] });
  const code_verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  const url = openid.buildAuthorizationUrl(configuration, {
    redirect_uri: 'http://localhost:3000/', scope: 'openid email', state, nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(code_verifier), code_challenge_method: 'S256',
  });
  const callback = await signInByForm(url);
  const tokens = await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: code_verifier, expectedState: state, expectedNonce: nonce });
  assert.equal(tokens.claims().email, email);
  const info = await openid.fetchUserInfo(configuration, tokens.access_token, tokens.claims().sub);
  assert.equal(info.email, email);
  const fresh = await openid.refreshTokenGrant(configuration, tokens.refresh_token);
  assert.notEqual(fresh.access_token, tokens.access_token);
  await assert.rejects(openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: code_verifier, expectedState: state, expectedNonce: nonce }), { error: 'invalid_grant' });
  await openid.tokenRevocation(configuration, tokens.refresh_token);
  await assert.rejects(openid.refreshTokenGrant(configuration, tokens.refresh_token), { error: 'invalid_grant' });
});

test('with --issuer aws, CognitoJwtVerifier accepts our tokens as they are', async () => {
  const asAws = await start({ args: ['--issuer', 'aws'] });
  try {
    const { poolId, clientId, tokens } = await signedIn(asAws);
    const verifier = CognitoJwtVerifier.create({ userPoolId: poolId, clientId, tokenUse: 'access' }, { jwksCache: new SimpleJwksCache() });
    verifier.cacheJwks(await (await fetch(`${asAws.base}/${poolId}/.well-known/jwks.json`)).json());
    const claims = await verifier.verify(tokens.AccessToken);
    assert.equal(claims.iss, `https://cognito-idp.us-east-1.amazonaws.com/${poolId}`);
  } finally {
    await asAws.remove();
  }
});

/** Follows the hosted pages as a browser without scripts would: cookies, forms, redirects. */
async function signInByForm(url) {
  const cookies = new Map();
  const go = async (target, options = {}) => {
    const response = await fetch(target, { ...options, redirect: 'manual', headers: { ...options.headers, cookie: [...cookies].map((pair) => pair.join('=')).join('; ') } });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  };
  let response = await go(url);
  while (response.status >= 300 && response.status < 400) response = await go(new URL(response.headers.get('location'), server.base));
  const page = await response.text();
  const action = /<form[^>]*action="([^"]+)"/.exec(page)[1].replaceAll('&amp;', '&').replaceAll('&#x2f;', '/').replaceAll('&#x3d;', '=');
  const csrf = /name="_csrf" value="([^"]+)"/.exec(page)[1];
  response = await go(new URL(action, server.base), { method: 'POST', body: new URLSearchParams({ _csrf: csrf, username: email, password }) });
  assert.equal(response.status, 302, await response.text());
  return new URL(response.headers.get('location'));
}
