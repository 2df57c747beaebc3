// The front end's server: three files and the addresses of what was deployed, at http://localhost:3000/.
//
//   node server.mjs            takes the addresses from ../.poolhouse/info.json, which 'poolhouse dev' keeps
//   node server.mjs FILE       takes them from FILE: poolhouse info --json > FILE

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const info = resolve(process.argv[2] ?? join(here, '../.poolhouse/info.json'));
const port = Number(process.env.PORT ?? 3000);

const files = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
};

/** What the page needs to know of the deployment, and no more. */
async function addresses() {
  const { userPools, endpoints } = JSON.parse(await readFile(info, 'utf8'));
  const [pool] = userPools;
  const url = (path) => endpoints.find((endpoint) => endpoint.url.endsWith(path))?.url;
  return { hostedUi: pool.hostedUi, clientId: pool.clients[0].id, hiUsers: url('/hiUsers'), hiAll: url('/hiAll') };
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cache-Control', 'no-store');
  if (!['GET', 'HEAD'].includes(request.method)) return response.writeHead(405).end();
  if (pathname === '/addresses.json') {
    return response.setHeader('Content-Type', 'application/json').end(JSON.stringify(await addresses()));
  }
  const file = files[pathname];
  if (!file) return response.writeHead(404).end('There is nothing here.\n');
  const { hostedUi, hiUsers } = await addresses().catch(() => ({}));
  const origins = [hostedUi, hiUsers].filter(Boolean).map((url) => new URL(url).origin);
  response.setHeader('Content-Security-Policy', `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' ${[...new Set(origins)].join(' ')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`);
  return response.setHeader('Content-Type', file[1]).end(await readFile(join(here, file[0])));
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error.message);
    response.writeHead(503, { 'Content-Type': 'text/plain' }).end(`The addresses cannot be read from ${info}: is the service deployed?\n`);
  });
}).listen(port, 'localhost', () => console.log(`The front end is at http://localhost:${port}/`));
