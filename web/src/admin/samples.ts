// SPDX-License-Identifier: MIT
// What the nodes told in the last minutes, as lines for charts. Counters become rates over the last
// seconds: what nodes tell is up to a second old, so between two answers may be none or two.

export interface NodeSample {
  node: string;
  version: string;
  uptime: number; // seconds
  connections: number;
  users: number;
  channels: number;
  subscriptions: number;
  published: number;
  delivered: number;
  delivery_us: { p50: number; p99: number };
  loop_lag_us: { p50: number; p99: number };
  slow_readers: number;
  memory: number; // bytes
  cpu_ms: number;
}

export interface NodeState extends NodeSample {
  publishedPerS: number;
  deliveredPerS: number;
  cpuPercent: number;
}

export interface Sample {
  time: number; // Unix milliseconds
  nodes: Map<string, NodeState>;
}

export interface Line {
  name: string;
  values: (number | undefined)[]; // one a sample; undefined: nothing is known of that time
}

const rateMs = 5000;

export class Samples {
  all: Sample[] = [];
  private recent: { time: number; nodes: Map<string, NodeSample> }[] = []; // what rates are made of

  constructor(private readonly max = 180) {}

  get latest(): Sample | undefined {
    return this.all.at(-1);
  }

  get names(): string[] {
    return [...new Set(this.all.flatMap(({ nodes }) => [...nodes.keys()]))].sort();
  }

  add(time: number, nodes: NodeSample[]): void {
    const last = this.recent.at(-1);
    this.recent = this.recent.filter((each) => each === last || time - each.time <= rateMs);
    this.recent.push({ time, nodes: new Map(nodes.map((node) => [node.node, node])) });
    if (this.recent.length < 2) return;
    const states = nodes.map((node): [string, NodeState] => [
      node.node,
      {
        ...node,
        publishedPerS: this.rate(node.node, 'published'),
        deliveredPerS: this.rate(node.node, 'delivered'),
        cpuPercent: this.rate(node.node, 'cpu_ms') / 10,
      },
    ]);
    this.all = [...this.all.slice(1 - this.max), { time, nodes: new Map(states) }];
  }

  // Per second. A node that was started again counts from 0.
  private rate(name: string, counter: 'published' | 'delivered' | 'cpu_ms'): number {
    let sum = 0;
    let ms = 0;
    for (let i = 1; i < this.recent.length; ++i) {
      const [before, after] = [this.recent[i - 1]!, this.recent[i]!];
      const [old, now] = [before.nodes.get(name), after.nodes.get(name)];
      if (!old || !now) continue;
      sum += Math.max(0, now[counter] - old[counter]);
      ms += after.time - before.time;
    }
    return ms === 0 ? 0 : (sum * 1000) / ms;
  }

  line(name: string, node: string, value: (state: NodeState) => number): Line {
    const values = this.all.map(({ nodes }) => {
      const state = nodes.get(node);
      return state && value(state);
    });
    return { name, values };
  }

  perNode(value: (state: NodeState) => number): Line[] {
    return this.names.map((node) => this.line(node, node, value));
  }

  // Of all nodes at once: the sum, or the largest.
  combined(name: string, value: (state: NodeState) => number, isMax = false): Line {
    const values = this.all.map(({ nodes }) => {
      const each = [...nodes.values()].map(value);
      if (each.length === 0) return undefined;
      return isMax ? Math.max(...each) : each.reduce((sum, next) => sum + next, 0);
    });
    return { name, values };
  }
}

// The next round number at or above: where an axis ends.
export function niceMax(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) if (step * power >= value) return step * power;
  return 10 * power;
}

export function compact(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)} M`;
  if (value >= 1e4) return `${trim(value / 1e3)} k`;
  return trim(value);
}

export function micros(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)} s`;
  if (value >= 1e3) return `${trim(value / 1e3)} ms`;
  return `${value < 10 ? trim(value) : Math.round(value)} µs`;
}

export function bytes(value: number): string {
  if (value >= 1 << 30) return `${trim(value / (1 << 30))} GiB`;
  return `${trim(value / (1 << 20))} MiB`;
}

function trim(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
