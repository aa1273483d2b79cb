// SPDX-License-Identifier: MIT
// Redis and any number of chirmd as child processes, and a door in front of them: a TCP proxy that
// can be cut and turned to another node, as a load balancer does.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const chirmd = process.env.CHIRMD;
const redisConf = process.env.REDIS_CONF;
export const patienceMs = 20_000;

// Rejects when the promise takes too long.
export function inTime(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Resolves as soon as the condition holds.
export async function until(condition) {
  const end = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited too long for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// A child process that dies with this one. `ready` is a regular expression for its output.
class Child {
  constructor(command, ready) {
    this.log = '';
    this.process = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => resolve(signal ?? code));
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
    rmSync(this.directory, { recursive: true, force: true });
  }
}
