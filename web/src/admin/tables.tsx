// SPDX-License-Identifier: MIT
// How the nodes are now, one a line, and who reads slowly.
import type { ComponentChildren } from 'preact';
import { duration, plural } from '../model/format';
import type { SlowReader } from './operator';
import { bytes, compact, micros, type NodeState } from './samples';

interface Column {
  name: string;
  cell(node: NodeState): string;
}

const nodeColumns: Column[] = [
  { name: 'Up', cell: (node) => duration(node.uptime) },
  { name: 'Connections', cell: (node) => compact(node.connections) },
  { name: 'Users', cell: (node) => compact(node.users) },
  { name: 'Channels', cell: (node) => compact(node.channels) },
  { name: 'Subscriptions', cell: (node) => compact(node.subscriptions) },
  { name: 'Msg/s', cell: (node) => compact(node.publishedPerS) },
  { name: 'Deliveries/s', cell: (node) => compact(node.deliveredPerS) },
  {
    name: 'p50 / p99',
    cell: ({ delivery_us: us }) => `${micros(us?.p50 ?? 0)} / ${micros(us?.p99 ?? 0)}`,
  },
  { name: 'Lag p99', cell: (node) => micros(node.loop_lag_us?.p99 ?? 0) },
  { name: 'CPU', cell: (node) => `${node.cpuPercent.toFixed(0)} %` },
  { name: 'Memory', cell: (node) => bytes(node.memory) },
  { name: 'Version', cell: (node) => node.version },
];

export function Nodes({ nodes }: { nodes: NodeState[] }) {
  return (
    <section class="card">
      <h2>Nodes</h2>
      <Table label="Nodes" columns={['Node', ...nodeColumns.map(({ name }) => name)]}>
        {nodes.map((node) => (
          <tr key={node.node}>
            <th scope="row">{node.node}</th>
            {nodeColumns.map(({ name, cell }) => (
              <td key={name}>{cell(node)}</td>
            ))}
          </tr>
        ))}
      </Table>
    </section>
  );
}

export function SlowReaders({ readers }: { readers: SlowReader[] }) {
  return (
    <section class="card">
      <h2>Slow readers</h2>
      {readers.length === 0 ? (
        <p class="faint">Everybody keeps up.</p>
      ) : (
        <Table label="Slow readers" columns={['User', 'Channel', 'Behind', 'Node', 'Client']}>
          {readers.map((each) => (
            <tr key={each.client + each.channel}>
              <th scope="row">{each.user}</th>
              <td>{each.channel}</td>
              <td>{plural(each.behind, 'message')}</td>
              <td>{each.node}</td>
              <td class="code">{each.client}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

// Wider than the window, perhaps: then it scrolls by itself.
export function Table(props: { label: string; columns: string[]; children: ComponentChildren }) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={props.label}>
      <table>
        <thead>
          <tr>
            {props.columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}
