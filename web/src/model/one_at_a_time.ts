// SPDX-License-Identifier: MIT
// A task that never runs twice at the same time. What a caller wants may have happened too late for
// the run that is under way, so one more run follows it, however many have asked.

export function oneAtATime(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let isAskedAgain = false;
  const run = (): Promise<void> => {
    if (running) {
      isAskedAgain = true;
      return running;
    }
    running = task().finally(() => {
      running = undefined;
      if (!isAskedAgain) return;
      isAskedAgain = false;
      void run();
    });
    return running;
  };
  return run;
}
