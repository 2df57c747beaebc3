// Bad moments: the disk is full, the mail server is away.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { open, rm, unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { AdminGetUserCommand, ConfirmSignUpCommand, InitiateAuthCommand, SignUpCommand } from '@aws-sdk/client-cognito-identity-provider';
import { freePort, start, temporaryFolder, until } from '../support/server.mjs';
import { guest, makePool } from '../support/pools.mjs';

const signUp = (server, made, email) => guest(server).send(new SignUpCommand({ ClientId: made.clientId, Username: email, Password: 'Passw0rd', UserAttributes: [{ Name: 'email', Value: email }] }));

/** A file system of its own, so small that it fills up; `undefined` where this user may not mount one. */
async function smallDisk(megabytes) {
  const folder = await temporaryFolder('disk');
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', folder]).status === 0) return folder;
  await rm(folder, { recursive: true });
  return undefined;
}

test('a full disk: sign-ups are refused clearly, none is lost, and all goes on when there is room', async (t) => {
  const data = await smallDisk(24);
  if (!data) return t.skip('mounting a small file system needs root');
  const server = await start({ data });
  try {
    const made = await makePool(server);
    const there = [];
    for (let n = 0; n < 5; n += 1) { await signUp(server, made, `before${n}@example.com`); there.push(`before${n}@example.com`); }
    // Something else takes what room there is.
    const ballast = join(data, 'ballast');
    const file = await open(ballast, 'w');
    try { for (;;) await file.write(Buffer.alloc(4096)); } catch (error) { assert.equal(error.code, 'ENOSPC'); }
    await file.close();
    let refused;
    for (let n = 0; n < 2000 && !refused; n += 1) {
      try { await signUp(server, made, `during${n}@example.com`); there.push(`during${n}@example.com`); } catch (error) { refused = error; }
    }
    assert.ok(refused, 'the disk was not full');
    assert.equal(refused.$metadata.httpStatusCode >= 500, true, `${refused.name} ${refused.$metadata.httpStatusCode}`);
    assert.match(refused.name, /InternalErrorException|ServiceUnavailable/);
    assert.match(server.log, /(disk|database).*full|No space left/i, 'the log says why');
    // Who is there can still be read and signed in while there is no room.
    assert.equal((await made.admin.send(new AdminGetUserCommand({ UserPoolId: made.poolId, Username: there[0] }))).Enabled, true);
    assert.equal((await fetch(`${server.base}/health/live`)).status, 200);
    await unlink(ballast);
    await until(() => signUp(server, made, 'after@example.com').then(() => true, () => false), 20_000, () => `no room is found again:\n${server.log}`);
    there.push('after@example.com');
    await server.stop();
    const again = await start({ data, port: server.port });
    for (const email of there) assert.ok((await made.admin.send(new AdminGetUserCommand({ UserPoolId: made.poolId, Username: email }))).Username, email);
    await again.stop();
  } finally {
    await server.stop();
    spawnSync('umount', ['-l', data]);
    await rm(data, { recursive: true, force: true });
  }
});

/** The least of an SMTP server (RFC 5321), on a given port. */
function inbox(port) {
  const messages = [];
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let taking = false;
    let text = '';
    socket.write('220 inbox\r\n');
    socket.on('data', (data) => {
      text += data;
      for (;;) {
        const end = text.indexOf(taking ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const part = text.slice(0, end);
        text = text.slice(end + (taking ? 5 : 2));
        if (taking) { messages.push(part); taking = false; socket.write('250 taken\r\n'); continue; }
        const verb = part.slice(0, 4).toUpperCase();
        taking = verb === 'DATA';
        socket.write(taking ? '354 go on\r\n' : verb === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
        if (verb === 'QUIT') socket.end();
      }
    });
  });
  return new Promise((ready) => server.listen(port, '127.0.0.1', () => ready({ messages, close: () => { for (const socket of sockets) socket.destroy(); server.close(); } })));
}

test('the mail server is away: the sign-up stands, the log says so, and the code comes when it is back', async () => {
  const port = await freePort();
  const server = await start({ args: ['--smtp', `smtp://127.0.0.1:${port}`] });
  let mail;
  try {
    const made = await makePool(server);
    const email = 'late@example.com';
    const before = Date.now();
    const answer = await signUp(server, made, email);
    assert.equal(answer.UserConfirmed, false);
    assert.equal(answer.CodeDeliveryDetails.DeliveryMedium, 'EMAIL');
    assert.ok(Date.now() - before < 3000, 'nobody waits for a mail server');
    await until(() => /message not sent, next try in \d+ s/.test(server.log), 20_000, () => server.log);
    assert.doesNotMatch(server.log, /\b\d{6}\b.*code/, 'no code in the log');
    mail = await inbox(port);
    await until(() => mail.messages.length > 0, 40_000, () => `not sent again:\n${server.log}`);
    await until(() => /message sent/.test(server.log), 10_000, () => server.log);
    const code = /\b(\d{6})\b/.exec(mail.messages[0].slice(mail.messages[0].indexOf('\r\n\r\n')))[1];
    await guest(server).send(new ConfirmSignUpCommand({ ClientId: made.clientId, Username: email, ConfirmationCode: code }));
    const tokens = await guest(server).send(new InitiateAuthCommand({ ClientId: made.clientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: email, PASSWORD: 'Passw0rd' } }));
    assert.ok(tokens.AuthenticationResult.IdToken);
    assert.equal(mail.messages.length, 1, 'once');
  } finally {
    mail?.close();
    await server.remove();
  }
});

test('a message that was not sent before the server was killed is sent by the next one', async () => {
  const port = await freePort();
  const args = ['--smtp', `smtp://127.0.0.1:${port}`];
  const first = await start({ args });
  const made = await makePool(first);
  await signUp(first, made, 'patient@example.com');
  await until(() => /message not sent, next try in \d+ s/.test(first.log), 20_000, () => first.log);
  await first.stop('SIGKILL');
  const mail = await inbox(port);
  const second = await start({ data: first.data, port: first.port, args });
  try {
    await until(() => mail.messages.some((message) => message.includes('patient@example.com')), 60_000, () => second.log);
  } finally {
    mail.close();
    await second.remove();
  }
});
