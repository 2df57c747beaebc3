// kill -9 at any moment loses nothing that was acknowledged, and never leaves a stack stuck.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AdminGetUserCommand, SignUpCommand } from '@aws-sdk/client-cognito-identity-provider';
import { copyOfExample, run, start, until } from '../support/server.mjs';
import { administrator, guest, makePool } from '../support/pools.mjs';

test('every acknowledged sign-up is there after kill -9, five times over', async () => {
  let server = await start();
  const { data, port } = server;
  const made = await makePool(server);
  const acknowledged = [];
  for (let round = 0; round < 5; round += 1) {
    const visitor = guest(server);
    let running = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let number = 0; running; number += 1) {
        const email = `r${round}w${writer}n${number}@example.com`;
        try {
          await visitor.send(new SignUpCommand({ ClientId: made.clientId, Username: email, Password: 'Passw0rd', UserAttributes: [{ Name: 'email', Value: email }] }));
          acknowledged.push(email);
        } catch { if (running && server.exited) return; }
      }
    });
    const target = acknowledged.length + 20 + round * 7;
    await until(() => acknowledged.length >= target, 30_000, () => `sign-ups do not go on:\n${server.log}`);
    await server.stop('SIGKILL');
    running = false;
    await Promise.all(writers);
    server = await start({ data, port });
  }
  try {
    const admin = await administrator(server);
    for (const email of acknowledged) {
      const user = await admin.send(new AdminGetUserCommand({ UserPoolId: made.poolId, Username: email }));
      assert.ok(user.Username, email);
    }
    console.log(`${acknowledged.length} sign-ups acknowledged over five kills, none lost`);
  } finally {
    await server.remove();
  }
});

test('a deploy cut off by kill -9 goes on or rolls back by itself', { timeout: 240_000 }, async () => {
  for (const moment of [0, 120, 300, 600]) {
    const folder = await copyOfExample('secure-rest-api');
    let server = await start();
    const { data, port } = server;
    const deploy = server.poolhouse(['deploy', folder, '--stage', 'beta', '--json'], { ok: false, deadline: 60_000 });
    await new Promise((resume) => setTimeout(resume, moment + 60));
    await server.stop('SIGKILL');
    await deploy;
    server = await start({ data, port });
    try {
      const environment = await server.environment();
      const status = await until(async () => {
        const told = await run(join(process.cwd(), '../.venv/bin/aws'), ['cloudformation', 'describe-stacks', '--output', 'json'], { env: environment });
        const [stack] = JSON.parse(told.stdout).Stacks;
        return !stack ? 'NONE' : stack.StackStatus.endsWith('IN_PROGRESS') ? false : stack.StackStatus;
      }, 60_000, () => `the stack is stuck:\n${server.log}`);
      console.log(`killed ${moment} ms in: ${status}`);
      if (status === 'ROLLBACK_COMPLETE') await server.poolhouse(['remove', folder, '--stage', 'beta']);
      const again = JSON.parse((await server.poolhouse(['deploy', folder, '--stage', 'beta', '--json'])).stdout);
      assert.equal(again.endpoints.length > 0, true);
    } finally {
      await server.remove();
    }
  }
});
