// SPDX-License-Identifier: MIT
// Redis and any number of chirmd as child processes, and a door in front of them: a TCP proxy that
// can be cut and turned to another node, as a load balancer does. Whoever waits for something waits
// long, for the machine may be busy; but no longer than until a process has died that was to live.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const chirmd = process.env.CHIRMD;
const redisConf = process.env.REDIS_CONF;
export const patienceMs = 120_000;

// A process has ended that nobody had told to: what is waited for will not come any more.
let broken; // an Error, until the test is over
const alarms = new Set();

function breakOff(error) {
  broken ??= error;
  for (const alarm of [...alarms]) alarm(broken);
}

// `alarm` is called with the error when that happens. Returns what takes it away again.
export function onBroken(alarm) {
  alarms.add(alarm);
  return () => alarms.delete(alarm);
}

// Rejects when the promise takes too long, or a process has died.
export function inTime(promise, what) {
  let timer;
  let forget;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come`)), patienceMs);
    forget = onBroken(reject);
    if (broken) reject(broken);
  });
  return Promise.race([promise, late]).finally(() => {
    clearTimeout(timer);
    forget();
  });
}

// Resolves as soon as the condition holds. `seen` tells what is the case instead, if it never does.
export async function until(condition, seen = () => '') {
  const end = Date.now() + patienceMs;
  while (!(await condition())) {
    if (broken) throw broken;
    if (Date.now() > end) throw new Error(`this did not come true: ${condition} ${seen()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const logShown = 4000; // characters

// A child process that dies with this one. `ready` is a regular expression for its output.
class Child {
  constructor(command, ready) {
    this.log = '';
    this.mayEnd = false; // somebody has told it to
    this.process = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => resolve(signal ?? code));
    });
    this.ended.then((how) => {
      if (this.mayEnd) return;
      const end = this.log.slice(-logShown);
      breakOff(new Error(`${command[0]} has ended by itself (${how}):\n${end}`));
    });
    this.ready = new Promise((resolve, reject) => {
      const read = (text) => {
        this.log += text;
        const match = ready.exec(this.log);
        if (match) resolve(match);
      };
      this.process.stdout.on('data', read);
      this.process.stderr.on('data', read);
      this.ended.then(() => reject(new Error(`cannot start ${command[0]}: ${this.log}`)));
    });
    this.ready.catch(() => {}); // whoever waits is told
  }
  kill(signal = 'SIGKILL') {
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') this.mayEnd = true;
    this.process.kill(signal);
    return this.ended;
  }
}

export class Door {
  constructor() {
    this.sockets = new Set();
    this.answers = new Set(); // [from a node, to its client]
    this.server = net.createServer((client) => {
      const node = net.connect(this.port, '127.0.0.1');
      this.answers.add([node, client]);
      for (const [socket, other] of [[client, node], [node, client]]) {
        this.sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }
  async open() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }
  leadTo(port) {
    this.port = port;
  }
  cut() {
    for (const socket of this.sockets) socket.destroy();
  }
  // Nothing that nodes say passes any more, on the connections that there are.
  deafen() {
    for (const [node, client] of this.answers) node.unpipe(client).resume();
  }
  get url() {
    return `ws://127.0.0.1:${this.server.address().port}/connection/websocket`;
  }
  get page() {
    return `http://127.0.0.1:${this.server.address().port}/`;
  }
  close() {
    this.cut();
    this.server.close();
  }
}

export class Cluster {
  // t: the test, which ends it.
  static async start(t, options = {}) {
    const cluster = new Cluster(options.chirmd ?? ['--insecure']);
    cluster.each = options.each ?? [];
    t.after(() => cluster.stop());
    await cluster.startAll(options.nodes ?? 2);
    return cluster;
  }

  constructor(chirmdOptions) {
    this.options = chirmdOptions;
    this.each = []; // of single nodes, instead of those
    this.directory = mkdtempSync(join(tmpdir(), 'chirm-sdk-'));
    this.socket = join(this.directory, 'redis');
    this.nodes = [];
    this.clients = [];
    this.door = new Door();
  }

  async startAll(nodes) {
    const command = ['redis-server', redisConf, '--port', '0', '--dir', this.directory];
    this.redis = new Child([...command, '--unixsocket', this.socket], /ready to accept/);
    await inTime(this.redis.ready, 'Redis');
    for (let i = 0; i < nodes; ++i) await this.startNode(i);
    await this.door.open();
    this.turnDoor(0);
  }

  async startNode(index) {
    const command = [chirmd, '--port', '0', '--redis', `unix://${this.socket}`];
    command.push(...(this.each[index] ?? this.options));
    const node = new Child([...command, '--node-name', `n${index}`], /listening on \S*:(\d+)\s/);
    this.nodes[index] = node;
    node.port = Number((await inTime(node.ready, 'chirmd'))[1]);
    await until(async () => (await fetch(this.http(index, '/readyz'))).ok);
  }

  http(node, path) {
    return `http://127.0.0.1:${this.nodes[node].port}${path}`;
  }
  url(node) {
    return `ws://127.0.0.1:${this.nodes[node].port}/connection/websocket`;
  }
  // Which node new connections through the door reach.
  turnDoor(node) {
    this.door.leadTo(this.nodes[node].port);
  }

  // One command, whose answer is a line.
  async redisCommand(line) {
    const socket = net.connect(this.socket);
    socket.write(`${line}\r\n`);
    const answer = await inTime(new Promise((resolve) => socket.once('data', resolve)), line);
    socket.destroy();
    return answer.toString().trim();
  }

  async metric(node, name) {
    const text = await (await fetch(this.http(node, '/metrics'))).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)[1]);
  }

  async stop() {
    for (const client of this.clients) client.disconnect();
    this.door.close();
    await Promise.all([...this.nodes, this.redis].map((child) => child?.kill()));
    broken = undefined; // the next test has processes of its own
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// A connection token (HS256).
export function token(claims, secret) {
  const encode = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
