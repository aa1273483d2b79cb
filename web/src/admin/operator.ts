// SPDX-License-Identifier: MIT
// The operator's connection: asks the nodes once a second while the page is open.
import { signal } from '@preact/signals';
import type { Centrifuge } from 'centrifuge';
import type { Session } from '../model/protocol';
import { messageOf, openSocket } from '../net/socket';
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

const periodMs = 1000;

export class Operator {
  readonly samples = new Samples();
  readonly revision = signal(0);
  readonly slow = signal<SlowReader[]>([]);
  readonly isOnline = signal(false);
  readonly error = signal('');
  readonly isRefused = signal(false); // not an administrator
  private readonly client: Centrifuge;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session, onEnded: (reason: string) => void) {
    this.client = openSocket(session, {
      session: () => undefined,
      connecting: () => this.stop(),
      retryAt: () => undefined,
      connected: () => {
        this.isOnline.value = true;
        void this.ask();
      },
      ended: (code, reason) => {
        this.stop();
        if (code !== 0) onEnded(reason);
      },
    });
    this.client.connect();
  }

  async rpc<T = Record<string, never>>(method: string, data: object = {}): Promise<T> {
    return (await this.client.rpc(method, data)).data as T;
  }

  end(): void {
    this.client.disconnect();
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
      this.error.value = '';
      this.revision.value += 1;
    } catch (error) {
      if ((error as { code?: number }).code === 103) {
        this.isRefused.value = true;
        return;
      }
      this.error.value = messageOf(error);
    }
    if (!this.isOnline.peek()) return;
    // The first rates are there soon.
    const period = this.samples.latest ? periodMs : periodMs / 3;
    this.timer = setTimeout(() => void this.ask(), Math.max(200, period - (Date.now() - begun)));
  }
}
