// SPDX-License-Identifier: MIT
// How the cluster is, in sums, and how it was in the last two minutes.
import { Chart } from './chart';
import { compact, micros, type NodeState, type Samples } from './samples';

const samplesMax = 120;
const samplesMin = 30; // a chart is not narrower than that

export function Totals({ nodes }: { nodes: NodeState[] }) {
  const sum = (value: (node: NodeState) => number) =>
    nodes.reduce((total, node) => total + value(node), 0);
  const tiles: [string, string][] = [
    ['Nodes', String(nodes.length)],
    ['Connections', compact(sum((node) => node.connections))],
    ['Messages/s', compact(sum((node) => node.publishedPerS))],
    ['Deliveries/s', compact(sum((node) => node.deliveredPerS))],
    ['Delivery p99', micros(Math.max(...nodes.map((node) => node.delivery_us?.p99 ?? 0)))],
    ['Slow readers', compact(sum((node) => node.slow_readers))],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Charts({ samples }: { samples: Samples }) {
  const recent = samples.all.slice(-samplesMax);
  const span = Math.max(samplesMin, recent.length);
  const times = recent.map(({ time }) => time);
  const cut = <T extends { values: unknown[] }>(lines: T[]): T[] =>
    lines.map((line) => ({ ...line, values: line.values.slice(-samplesMax) }));
  const common = { times, span };
  return (
    <section class="charts" aria-labelledby="charts-title">
      <h2 class="hidden" id="charts-title">
        The last two minutes
      </h2>
      <Chart
        {...common}
        title="Connections"
        format={compact}
        lines={cut(samples.perNode((node) => node.connections))}
      />
      <Chart
        {...common}
        title="Messages per second"
        format={compact}
        lines={cut([
          samples.combined('published', (node) => node.publishedPerS),
          samples.combined('delivered', (node) => node.deliveredPerS),
        ])}
      />
      <Chart
        {...common}
        title="Delivery latency, slowest node"
        format={micros}
        lines={cut([
          samples.combined('p50', (node) => node.delivery_us?.p50 ?? 0, true),
          samples.combined('p99', (node) => node.delivery_us?.p99 ?? 0, true),
        ])}
      />
      <Chart
        {...common}
        title="Loop lag, p99"
        format={micros}
        lines={cut(samples.perNode((node) => node.loop_lag_us?.p99 ?? 0))}
      />
    </section>
  );
}
