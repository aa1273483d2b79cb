// SPDX-License-Identifier: MIT
// The operator's connection: asks the nodes once a second while the page is open.
import { signal } from '@preact/signals';
import type { Centrifuge } from 'centrifuge';
import { codeOf, disconnects, errors, messageOf } from '../model/codes';
import type { Session } from '../model/protocol';
import { askByName } from '../model/user_name';
import { openSocket } from '../net/socket';
import { Samples, type NodeSample } from './samples';

export interface SlowReader {
  node: string;
  user: string;
  client: string;
  channel: string;
  behind: number;
}

export interface Account {
  user: string;
  name: string;
  role: string;
  created: number;
  banned?: { until?: number; reason?: string };
  sessions: { id: string; created: number; used: number; agent?: string }[];
  connections: { node: string; client: string; channels: number | string[] }[];
}

export interface AuditEvent {
  time: string; // RFC 3339
  node: string;
  event: string;
  user?: string;
  address?: string;
  result: string;
  why?: string;
  [about: string]: string | undefined;
}

export interface BusyChannels {
  channels: { channel: string; clients: number }[]; // the busiest first
  count: number; // of all
}

const periodMs = 1000;
const channelsEvery = 5; // periods

export class Operator {
  readonly samples = new Samples();
  readonly revision = signal(0);
  readonly slow = signal<SlowReader[]>([]);
  readonly channels = signal<BusyChannels | undefined>(undefined);
  readonly isOnline = signal(false);
  readonly error = signal('');
  readonly isRefused = signal(false); // not an administrator
  private readonly client: Centrifuge;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private rounds = 0;

  constructor(session: Session, onEnded: (reason: string) => void) {
    this.client = openSocket(session, {
      connecting: () => this.stop(),
      retryAt: () => undefined,
      connected: () => {
        this.isOnline.value = true;
        void this.ask();
      },
      ended: (code, reason) => {
        this.stop();
        if (code !== disconnects.byOurselves) onEnded(reason);
      },
    });
    this.client.connect();
  }

  async rpc<T = Record<string, never>>(method: string, data: object = {}): Promise<T> {
    return (await this.client.rpc(method, data)).data as T;
  }

  find(user: string): Promise<Account> {
    return askByName(user, (name) => this.rpc<Account>('admin.user', { user: name }));
  }

  // Texts that are "" stand for any.
  async audit(wanted: { event: string; user: string; address: string }): Promise<AuditEvent[]> {
    return (await this.rpc<{ events: AuditEvent[] }>('admin.audit', wanted)).events;
  }

  end(): void {
    this.client.disconnect();
  }

  // Its failures are not told: a node that does not answer in time leaves the list as it was.
  private async askChannels(): Promise<void> {
    const data = { pattern: 'room:*', limit: 10 };
    const found = await this.rpc<BusyChannels>('admin.channels', data).catch(() => undefined);
    if (found) this.channels.value = found;
  }

  private stop(): void {
    this.isOnline.value = false;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    const begun = Date.now();
    try {
      const [{ nodes }, { readers }] = await Promise.all([
        this.rpc<{ nodes: NodeSample[] }>('admin.nodes'),
        this.rpc<{ readers: SlowReader[] }>('admin.slow'),
      ]);
      this.samples.add(Date.now(), nodes);
      this.slow.value = readers;
      if (this.rounds++ % channelsEvery === 0) await this.askChannels();
      this.error.value = '';
      this.revision.value += 1;
    } catch (error) {
      if (codeOf(error) === errors.permissionDenied) {
        this.isRefused.value = true;
        return;
      }
      this.error.value = messageOf(error);
    }
    if (!this.isOnline.peek()) return;
    // Rates need two answers: the second one is asked for sooner.
    const period = this.samples.latest ? periodMs : periodMs / 3;
    this.timer = setTimeout(() => void this.ask(), Math.max(200, period - (Date.now() - begun)));
  }
}
