// SPDX-License-Identifier: MIT
// Names of users as people type them.
import { codeOf, errors } from './codes';

// What was typed, without the @ that people write before a name.
export const typedName = (text: string): string => text.trim().replace(/^@/, '');

// Names of accounts are lower case, but people with another system's token have theirs as it is
// there. So `ask` is called with the name as it was typed, and in lower case when nobody has it.
export async function askByName<T>(
  typed: string,
  ask: (user: string) => Promise<T>,
): Promise<T> {
  const lower = typed.toLowerCase();
  try {
    return await ask(typed);
  } catch (error) {
    if (lower === typed || codeOf(error) !== errors.notFound) throw error;
    return ask(lower);
  }
}
