// The journey of the two posts, in a real browser: deploy, sign up, confirm by mail, come back with a token, call the API.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { copyOfExample, freePort, newestCode, run, start } from '../support/server.mjs';

const email = 'ada@example.com';
const password = 'Passw0rd';
const screenshots = process.env.POOLHOUSE_SCREENSHOTS;

let server;
let folder;
let deployed;
let browser;
let callback;
let callbackUrl;

before(async () => {
  server = await start();
  folder = await copyOfExample('secure-rest-api');
  deployed = JSON.parse((await server.poolhouse(['deploy', folder, '--stage', 'beta', '--json'])).stdout);
  // The example's callback is http://localhost:3000/; the test listens elsewhere, as an app of its own would, and says so.
  const port = await freePort();
  callbackUrl = `http://localhost:${port}/`;
  callback = createServer((request, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>app</title><h1>The app</h1>'));
  await new Promise((ready) => callback.listen(port, '127.0.0.1', ready));
  const [pool] = deployed.userPools;
  await run(join(process.cwd(), '../.venv/bin/aws'), [
    'cognito-idp', 'update-user-pool-client', '--user-pool-id', pool.id, '--client-id', pool.clients[0].id, '--supported-identity-providers', 'COGNITO',
    '--callback-urls', JSON.stringify([callbackUrl]), '--logout-urls', JSON.stringify([callbackUrl]), '--allowed-o-auth-flows', 'implicit', 'code',
    '--allowed-o-auth-scopes', 'openid', 'email', 'profile', 'aws.cognito.signin.user.admin', '--allowed-o-auth-flows-user-pool-client',
  ], { env: await server.environment() });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
});
after(async () => {
  await browser?.close();
  callback?.close();
  await server?.remove();
});

const page_options = { viewport: { width: 1280, height: 800 } };
const loginUrl = () => `${deployed.userPools[0].hostedUi}/login?response_type=token&client_id=${deployed.userPools[0].clients[0].id}&redirect_uri=${encodeURIComponent(callbackUrl)}`;
const endpoint = (path) => deployed.endpoints.find(({ url }) => url.endsWith(path)).url;
const call = (path, authorization) => fetch(endpoint(path), { headers: authorization ? { authorization } : {} });

async function picture(page, name) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

let tokens;

test('a stranger signs up, confirms by mail, and lands on the callback with tokens', async () => {
  const page = await browser.newPage(page_options);
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  await page.goto(loginUrl());
  await picture(page, 'login');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await picture(page, 'signup');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill('short');
  await page.locator('form').first().evaluate((form) => (form.noValidate = true));
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('alert').waitFor();
  await picture(page, 'signup-refused');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByLabel('Verification code').waitFor();
  await picture(page, 'confirm');
  await page.getByLabel('Verification code').fill('000000');
  await page.getByRole('button', { name: 'Confirm account' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Verification code').fill(await newestCode(server, email));
  await page.getByRole('button', { name: 'Confirm account' }).click();
  await page.waitForURL(`${callbackUrl}**`);
  const url = new URL(page.url());
  assert.match(url.hash, /^#id_token=[^&]+&access_token=[^&]+&expires_in=3600&token_type=Bearer$/);
  tokens = Object.fromEntries(new URLSearchParams(url.hash.slice(1)));
  assert.deepEqual(problems.filter((text) => !text.includes('favicon') && !/\b(400|401)\b/.test(text)), []);
  await page.close();
});

test('the API lets the one with a token in and turns guests away', async () => {
  for (const authorization of [tokens.id_token, `Bearer ${tokens.id_token}`]) {
    const answer = await call('/hiUsers', authorization);
    assert.equal(answer.status, 200, await answer.clone().text());
  }
  const [header, payload, signature] = tokens.id_token.split('.');
  const changed = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url')), email: 'root@example.com' })).toString('base64url');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  for (const authorization of [undefined, '', 'Bearer', 'nonsense', `${header}.${changed}.${signature}`, `${none}.${payload}.`, tokens.access_token, `${tokens.id_token}x`]) {
    const answer = await call('/hiUsers', authorization);
    assert.equal(answer.status, 401, `authorization ${authorization}`);
    assert.deepEqual(await answer.json(), { message: 'Unauthorized' });
  }
  assert.equal((await call('/hiAll')).status, 200);
});

test('the browser is remembered, and logging out forgets it', async () => {
  const context = await browser.newContext(page_options);
  const page = await context.newPage();
  await page.goto(loginUrl());
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill('Wrong0ne');
  await page.getByRole('button', { name: 'Sign in' }).click();
  assert.match(await page.getByRole('alert').innerText(), /Incorrect username or password/);
  await picture(page, 'login-refused');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${callbackUrl}**`);
  await page.goto(loginUrl().replace('/login?', '/oauth2/authorize?'));
  await page.waitForURL(`${callbackUrl}**`);
  await page.goto(`${deployed.userPools[0].hostedUi}/logout?client_id=${deployed.userPools[0].clients[0].id}&logout_uri=${encodeURIComponent(callbackUrl)}`);
  await page.waitForURL(`${callbackUrl}**`);
  await page.goto(loginUrl().replace('/login?', '/oauth2/authorize?'));
  await page.getByLabel('Password').waitFor();
  await context.close();
});

test('a forgotten password is set anew by code, by keyboard alone, on a small dark screen', async () => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme: 'dark', javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(loginUrl());
  await picture(page, 'login-phone-dark');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360).catch(() => true));
  await page.getByRole('link', { name: 'Forgot your password?' }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Email').waitFor();
  await picture(page, 'forgot-phone-dark');
  await page.keyboard.type(email);
  await page.keyboard.press('Enter');
  await page.getByLabel('New password', { exact: true }).waitFor();
  await page.getByLabel('Code', { exact: true }).focus();
  await page.keyboard.type(await newestCode(server, email, 2));
  await page.keyboard.press('Tab');
  await page.keyboard.type('Chang3dIt');
  await picture(page, 'reset-phone-dark');
  await page.keyboard.press('Enter');
  await page.getByLabel('Password', { exact: true }).waitFor();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('Chang3dIt');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${callbackUrl}**`);
  await context.close();
});
