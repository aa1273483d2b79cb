// SPDX-License-Identifier: MIT
// Reading a log forwards from a position, without a hole.
import { errors } from './codes';
import type { Publication } from './protocol';

export interface Position {
  offset: number;
  epoch: string;
}

export interface HistoryPage extends Position {
  publications: Publication[];
}

// All publications behind the position. Rejects when they are not all kept any more. The server
// itself refuses only a position of another epoch; otherwise it begins with the oldest it still
// has, so the first offset has to be looked at.
export async function historyAfter(
  read: (since: Position) => Promise<HistoryPage>,
  since: Position,
): Promise<Publication[]> {
  const found: Publication[] = [];
  for (;;) {
    const page = await read(since);
    const first = page.publications[0]?.offset;
    const isWhole = first === undefined ? page.offset <= since.offset : first === since.offset + 1;
    if (!isWhole) {
      throw { code: errors.unrecoverablePosition, message: 'history is not kept that long' };
    }
    found.push(...page.publications);
    const last = page.publications.at(-1)?.offset;
    if (last === undefined || last >= page.offset) return found;
    since = { offset: last, epoch: page.epoch };
  }
}
