// SPDX-License-Identifier: MIT
// A connection follows a limited number of conversations: the ones that were opened or spoken in
// last.

interface Followable {
  isWatched: boolean; // it is open in the window
  activeAt: number; // when it was opened or something was said, Unix milliseconds
}

export function chooseFollowed<Each extends Followable>(
  all: Iterable<Each>,
  max: number,
): { followed: Each[]; others: Each[] } {
  const rank = (each: Followable) => (each.isWatched ? Infinity : each.activeAt);
  const sorted = [...all].sort((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : 0));
  return { followed: sorted.slice(0, max), others: sorted.slice(max) };
}
