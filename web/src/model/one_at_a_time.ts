// SPDX-License-Identifier: MIT
// A task of which one runs at a time. Whoever asks for it while it runs may have come too late for
// it, so it runs once more after that, however many have asked.

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
