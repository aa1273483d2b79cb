// SPDX-License-Identifier: MIT
// Logs people in at a steady pace, for bench/run login-storm.
//
//   node bench/login_storm.js token SECRET             prints a connection token (HS256)
//   node bench/login_storm.js run PORT RATE SECONDS    registers 50 names and logs them in, RATE a
//     second whether or not the earlier ones were answered; prints how that went, as members of a
//     JSON object, one in each line
'use strict';
const crypto = require('node:crypto');
const http = require('node:http');

const kNames = 50;
const kPassword = 'correct horse battery';

function token(secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({alg: 'HS256'})}.${part({sub: 'load'})}`;
  return `${text}.${crypto.createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const agent = new http.Agent({keepAlive: true, maxSockets: 256});

function post(port, path, body) {
  const text = JSON.stringify(body);
  const headers = {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text)};
  return new Promise((resolve) => {
    const request = http.request(
        {host: '127.0.0.1', port, path, method: 'POST', headers, agent}, (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode));
        });
    request.on('error', () => resolve(0));
    request.end(text);
  });
}

async function run(port, rate, seconds) {
  for (let i = 0; i < kNames; ++i) {
    const status = await post(port, '/auth/register', {name: `user-${i}`, password: kPassword});
    if (status !== 201) throw new Error(`registering was answered with ${status}`);
  }
  const statuses = [];
  const start = performance.now();
  for (let sent = 0; sent < rate * seconds; ++sent) {
    const wait = start + (1000 * sent) / rate - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const body = {name: `user-${sent % kNames}`, password: kPassword};
    statuses.push(post(port, '/auth/login', body));
  }
  const all = await Promise.all(statuses);
  const count = (status) => all.filter((one) => one === status).length;
  const [ok, busy] = [count(200), count(503)];
  console.log(`"logins": {\n"ok": ${ok},\n"busy": ${busy},\n"failed": ${all.length - ok - busy}\n},`);
  agent.destroy();
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'token') {
  console.log(token(rest[0]));
} else if (command === 'run') {
  run(...rest.map(Number)).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
} else {
  console.error('bench/login_storm.js: expected token or run');
  process.exitCode = 2;
}
