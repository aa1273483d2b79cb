// SPDX-License-Identifier: MIT
// Clients of a cluster: the unmodified SDK.
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { inTime, patienceMs } from './cluster.js';

// Resolves with what the event of an SDK's object brings, the next time it happens.
export function next(emitter, event) {
  return inTime(new Promise((resolve) => emitter.once(event, resolve)), event);
}

// A client that the cluster's end disconnects. Unless `options` say otherwise it waits for answers,
// and for pings that are late, as long as a test does: the SDK's own 5 s and 10 s may be too short on
// a busy machine.
export function connect(cluster, url, options = {}) {
  const client = new Centrifuge(url, {
    websocket: WebSocket,
    minReconnectDelay: 20,
    maxReconnectDelay: 200,
    timeout: patienceMs,
    maxServerPingDelay: patienceMs,
    ...options,
  });
  cluster.clients.push(client);
  client.connect();
  return client;
}

export const user = (cluster, node, name) => connect(cluster, cluster.url(node), { data: { name } });

// Subscribes and writes down all publications and events in the subscription's `seen` and `events`.
export function subscribe(client, channel) {
  const subscription = client.newSubscription(channel);
  subscription.seen = [];
  subscription.events = [];
  subscription.on('publication', ({ data, offset }) => subscription.seen.push([offset, data.n]));
  for (const event of ['subscribing', 'subscribed', 'unsubscribed']) {
    subscription.on(event, (context) => subscription.events.push([event, context]));
  }
  subscription.subscribe();
  return subscription;
}

export const eventsOf = (subscription, name) =>
  subscription.events.filter(([event]) => event === name).map(([, context]) => context);
