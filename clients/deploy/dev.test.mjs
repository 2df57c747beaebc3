// `poolhouse dev` in the example's folder, as a newcomer uses it: look, change, make a mistake, mend it, stop.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, freePort, until } from '../support/server.mjs';
import { example } from './service.mjs';

/** `poolhouse dev .` with what it printed so far. */
function dev(folder, port, ...more) {
  const child = spawn(binary, ['dev', '.', '--listen', `127.0.0.1:${port}`, ...more], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const self = { child, text: '', exited: false };
  child.stdout.on('data', (data) => (self.text += data));
  child.stderr.on('data', (data) => (self.text += data));
  self.ended = new Promise((done) => child.once('close', (code, signal) => ((self.exited = true), done({ code, signal }))));
  let from = 0;
  /** Waits for words after the last ones that were waited for. */
  self.says = (words) => until(() => {
    const match = words.exec(self.text.slice(from));
    if (match) from += match.index + match[0].length;
    if (!match && self.exited) throw new Error(`dev ended:\n${self.text}`);
    return match;
  }, 30_000, () => `it never said ${words}:\n${self.text}`);
  return self;
}

test('dev: up, changed, mistaken, mended, stopped', async () => {
  const service = await example();
  const port = await freePort();
  const running = dev(service.folder, port);
  try {
    await running.says(/✔ secure-rest-api is up/);
    const [, all] = await running.says(/GET +(http:\S+\/hiAll)/);
    const [, login] = await running.says(/open (http:\S+\/login\S+)/);
    await running.says(/Ctrl-C stops the server/);
    assert.doesNotMatch(running.text, /\x1b/);
    const get = async (url) => { const answer = await fetch(url); return { status: answer.status, text: await answer.text() }; };
    assert.deepEqual(await get(all), { status: 200, text: '{"message":"Hi everybody!"}' });
    assert.equal((await get(login)).status, 200);
    await running.says(/\[guests\] .*REPORT/);

    const handler = await readFile(join(service.folder, 'handler.js'), 'utf8');
    await service.write('handler.js', handler.replace('Hi everybody!', 'Hi again!'));
    await running.says(/✔ Deployed again \(\d+\.\ds\)/);
    assert.equal((await get(all)).text, '{"message":"Hi again!"}');

    await service.edit(['timeout: 10', 'timeout: ten']);
    await running.says(/serverless\.yml:20:12[\s\S]*timeout: ten[\s\S]*What was deployed before goes on; waiting for the next change/);
    assert.equal((await get(all)).text, '{"message":"Hi again!"}');

    await service.edit(['path: /hiAll', 'path: /hiThere']);
    await running.says(/✔ Deployed again/);
    assert.equal((await get(all.replace('/hiAll', '/hiThere'))).text, '{"message":"Hi again!"}');
    assert.equal((await get(all)).status, 403);

    // Something that fails half-way is told too, and what was there goes on.
    await service.edit(['handler: handler.guests', 'handler: handler.guests\n    role: arn:aws:iam::000000000000:role/nobody']);
    await running.says(/error: [\s\S]*everything is as it was before[\s\S]*What was deployed before goes on/);
    assert.equal((await get(all.replace('/hiAll', '/hiThere'))).status, 200);

    const asked = Date.now();
    running.child.kill('SIGINT');
    assert.deepEqual(await running.ended, { code: 0, signal: null });
    assert.ok(Date.now() - asked < 3000, `it took ${Date.now() - asked} ms to stop`);
    assert.match(running.text, /What you made stays/);
  } finally {
    if (!running.exited) running.child.kill('SIGKILL');
    await running.ended;
    await rm(service.folder, { recursive: true, force: true });
  }
});

test('dev on a port that is taken says so at once', async () => {
  const service = await example();
  const port = await freePort();
  const first = dev(service.folder, port);
  await first.says(/is up/);
  const second = dev(service.folder, port, '--data', join(service.folder, 'other'));
  assert.equal((await second.ended).code, 1);
  assert.match(second.text, /error: .*in use by another process/);
  first.child.kill('SIGINT');
  assert.equal((await first.ended).code, 0);
  await rm(service.folder, { recursive: true, force: true });
});
