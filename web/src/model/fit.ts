// SPDX-License-Identifier: MIT
// How well a name fits: letters in order, better at its beginning; 0 is not at all.
export function fit(query: string, name: string): number {
  const text = name.toLowerCase();
  if (query === '') return 1;
  if (text.startsWith(query)) return 4;
  if (text.split(/[\s._-]+/).some((word) => word.startsWith(query))) return 3;
  if (text.includes(query)) return 2;
  let at = 0;
  for (const letter of text) if (letter === query[at]) ++at;
  return at === query.length ? 1 : 0;
}
