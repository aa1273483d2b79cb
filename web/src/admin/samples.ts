// SPDX-License-Identifier: MIT
// What the nodes told in the last minutes, as lines for charts. Counters become rates.

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

export class Samples {
  all: Sample[] = [];
  private before: Sample | undefined; // rates need two

  constructor(private readonly max = 180) {}

  get latest(): Sample | undefined {
    return this.all.at(-1);
  }

  get names(): string[] {
    return [...new Set(this.all.flatMap(({ nodes }) => [...nodes.keys()]))].sort();
  }

  add(time: number, nodes: NodeSample[]): void {
    const { before } = this;
    const seconds = before ? Math.max(0.2, (time - before.time) / 1000) : 0;
    const states = nodes.map((node): [string, NodeState] => {
      const old = before?.nodes.get(node.node);
      // A node that was started again counts from 0.
      const rate = (now: number, then: number | undefined) =>
        then === undefined || seconds === 0 ? 0 : Math.max(0, now - then) / seconds;
      return [
        node.node,
        {
          ...node,
          publishedPerS: rate(node.published, old?.published),
          deliveredPerS: rate(node.delivered, old?.delivered),
          cpuPercent: rate(node.cpu_ms, old?.cpu_ms) / 10,
        },
      ];
    });
    this.before = { time, nodes: new Map(states) };
    if (before) this.all = [...this.all.slice(1 - this.max), this.before];
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
  return `${Math.round(value)} µs`;
}

export function bytes(value: number): string {
  if (value >= 1 << 30) return `${trim(value / (1 << 30))} GiB`;
  return `${trim(value / (1 << 20))} MiB`;
}

function trim(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
