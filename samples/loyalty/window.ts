/**
 * Window: many calls under way, but never more than a given number.
 */

export class Window {
  #underWay = 0;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor(readonly limit: number) {}

  /** Begins a task as soon as there is room for it. Throws what an earlier one failed with. */
  async begin(task: () => Promise<void>): Promise<void> {
    while (this.#underWay >= this.limit) await this.#change();
    this.#check();
    this.#underWay += 1;
    void this.#run(task);
  }

  /** Waits for all that has begun, and throws what the first failed with. */
  async end(): Promise<void> {
    while (this.#underWay > 0) await this.#change();
    this.#check();
  }

  async #run(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#underWay -= 1;
    this.#wake?.();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
