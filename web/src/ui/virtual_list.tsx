// SPDX-License-Identifier: MIT
// A long list of rows of any height, of which only those near the window are in the document. What
// the reader looks at stays where it is, whatever grows above or below: either the end is held in
// sight, or one row (the anchor) at its distance from the top.
import { Component, createRef, type VNode } from 'preact';

export interface VirtualRow {
  key: string;
}

interface Props<Row extends VirtualRow> {
  rows: Row[];
  label: string;
  estimate(row: Row): number; // the height in pixels before it is known
  render(row: Row): VNode;
  isLoose(row: Row): boolean; // it may move or go (a day, a mark): it is no anchor
  onTop(): void; // the beginning is near: more may be loaded
  onMove(isAtEnd: boolean): void;
  start?: Place | undefined; // the end, when it is not given
  onLeave?(place: Place | undefined): void;
  onKeyDown?(event: KeyboardEvent): void;
}

// A row, and how far below the window's top it is.
export interface Place {
  key: string;
  delta: number;
}

const overscan = 700; // pixels
const nearTop = 1600;
const endSlack = 16;

// 16 members: where the window is, what is laid out and what holds it change together in each step.
export class VirtualList<Row extends VirtualRow> extends Component<Props<Row>> {
  private readonly scroller = createRef<HTMLDivElement>();
  private readonly inner = createRef<HTMLDivElement>();
  private heights = new Map<string, number>();
  private rows: Row[] = []; // those that `tops` was computed for
  private tops: number[] = [0];
  private begin = 0;
  private end = 0;
  private isAtEnd: boolean;
  private anchor: Place | undefined;
  private viewport = innerHeight;
  private width = 0;
  private observer: ResizeObserver | undefined;
  private rounds = 0;
  private looking = 0; // the frame that checkTop waits for
  private lastTop = 0; // where the window was when noteScroll() or scrollTo() last looked

  constructor(props: Props<Row>) {
    super(props);
    this.anchor = props.start;
    this.isAtEnd = !props.start;
  }

  // --- For its owner

  toEnd(): void {
    this.noteScroll();
    this.isAtEnd = true;
    this.anchor = undefined;
    this.forceUpdate();
  }

  // Brings a row into sight, a third down the window unless it is there already.
  toRow(key: string, delta = this.viewport / 3): void {
    this.noteScroll();
    this.isAtEnd = false;
    this.anchor = { key, delta };
    this.forceUpdate();
  }

  element(key: string): HTMLElement | undefined {
    return [...(this.inner.current?.children ?? [])].find(
      (each) => (each as HTMLElement).dataset.key === key,
    ) as HTMLElement | undefined;
  }

  reveal(key: string): void {
    const element = this.element(key);
    const box = this.scroller.current!.getBoundingClientRect();
    const at = element?.getBoundingClientRect();
    if (!at) this.toRow(key);
    else if (at.top < box.top) this.scroller.current!.scrollTop -= box.top - at.top + 8;
    else if (at.bottom > box.bottom) this.scroller.current!.scrollTop += at.bottom - box.bottom + 8;
  }

  page(direction: number): void {
    this.scroller.current!.scrollTop += direction * this.viewport * 0.85;
  }

  // --- Layout

  private layOut(): void {
    const { rows, estimate } = this.props;
    const tops = new Array<number>(rows.length + 1);
    tops[0] = 0;
    for (let i = 0; i < rows.length; ++i) {
      const row = rows[i]!;
      tops[i + 1] = tops[i]! + (this.heights.get(row.key) ?? estimate(row));
    }
    this.rows = rows;
    this.tops = tops;
  }

  // The last row that begins at or above a distance from the beginning.
  private rowAt(distance: number): number {
    let begin = 0;
    let end = this.rows.length - 1;
    while (begin < end) {
      const middle = (begin + end + 1) >> 1;
      if (this.tops[middle]! <= distance) begin = middle;
      else end = middle - 1;
    }
    return Math.max(0, begin);
  }

  private wantedTop(): number {
    const total = this.tops.at(-1)!;
    if (this.isAtEnd) return Math.max(0, total - this.viewport);
    const at = this.anchor ? this.rows.findIndex(({ key }) => key === this.anchor!.key) : -1;
    if (at >= 0) return Math.max(0, this.tops[at]! - this.anchor!.delta);
    return this.scroller.current?.scrollTop ?? 0;
  }

  private setRange(top: number): boolean {
    const count = this.rows.length;
    const begin = this.rowAt(top - overscan);
    const end = Math.min(count, this.rowAt(top + this.viewport + overscan) + 1);
    const isOther = begin !== this.begin || end !== this.end;
    this.begin = begin;
    this.end = end;
    return isOther;
  }

  override render() {
    this.noteScroll();
    this.layOut();
    this.setRange(this.wantedTop());
    const before = this.tops[this.begin]!;
    const after = this.tops.at(-1)! - this.tops[this.end]!;
    return (
      <div
        ref={this.scroller}
        class="list"
        role="log"
        aria-live="off"
        aria-label={this.props.label}
        tabIndex={0}
        onScroll={this.onScroll}
        onKeyDown={this.props.onKeyDown}
      >
        <div
          ref={this.inner}
          class="list-inner"
          style={{ paddingTop: before, paddingBottom: after }}
        >
          {this.rows.slice(this.begin, this.end).map((row) => (
            <div
              class="list-row"
              key={row.key}
              data-key={row.key}
              data-loose={this.props.isLoose(row) || undefined}
            >
              {this.props.render(row)}
            </div>
          ))}
        </div>
      </div>
    );
  }

  override componentDidMount(): void {
    const scroller = this.scroller.current!;
    this.viewport = scroller.clientHeight;
    this.width = scroller.clientWidth;
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(scroller);
    this.observer.observe(this.inner.current!);
    this.settle();
    this.report();
  }

  override componentDidUpdate(): void {
    this.settle();
    // What was loaded may be few rows, or none, and then nobody scrolls to ask for more. In the
    // next frame, because the load that caused this update has not ended yet.
    cancelAnimationFrame(this.looking);
    this.looking = requestAnimationFrame(() => this.checkTop());
  }

  override componentWillUnmount(): void {
    cancelAnimationFrame(this.looking);
    this.observer?.disconnect();
    this.props.onLeave?.(this.isAtEnd ? undefined : this.anchor);
  }

  private resized(): void {
    const scroller = this.scroller.current!;
    const isSame = scroller.clientHeight === this.viewport && scroller.clientWidth === this.width;
    if (isSame) this.noteScroll();
    this.viewport = scroller.clientHeight;
    if (scroller.clientWidth !== this.width) {
      this.width = scroller.clientWidth;
      this.heights.clear();
    }
    this.settle();
  }

  // Takes the heights of what is in the document, and puts the anchor where it belongs.
  private settle(): void {
    const scroller = this.scroller.current!;
    let isOther = false;
    for (const child of this.inner.current!.children) {
      const key = (child as HTMLElement).dataset.key!;
      const height = child.getBoundingClientRect().height;
      if (Math.abs((this.heights.get(key) ?? -1) - height) < 0.5) continue;
      this.heights.set(key, height);
      isOther = true;
    }
    if (this.isAtEnd) {
      const end = scroller.scrollHeight - scroller.clientHeight;
      if (end - scroller.scrollTop >= 1) this.scrollTo(end);
      else this.lastTop = scroller.scrollTop;
    } else if (this.anchor) {
      const element = this.element(this.anchor.key);
      if (element) {
        const delta = element.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
        if (Math.abs(delta - this.anchor.delta) >= 1) {
          this.scrollTo(scroller.scrollTop + delta - this.anchor.delta);
        }
      }
    }
    this.rounds = isOther ? this.rounds + 1 : 0;
    if (!isOther || this.rounds > 8) return this.checkEnd();
    this.layOut();
    if (this.setRange(this.wantedTop())) this.forceUpdate();
    else this.checkEnd();
  }

  // Where all fits into the window, nobody has to scroll to be at the end.
  private checkEnd(): void {
    const scroller = this.scroller.current!;
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    if (this.isAtEnd || left > endSlack || this.end < this.rows.length) return;
    this.isAtEnd = true;
    this.anchor = undefined;
    this.props.onMove(true);
  }

  // The reader may have scrolled without the event having come yet.
  private noteScroll(): boolean {
    const scroller = this.scroller.current;
    if (!scroller || Math.abs(scroller.scrollTop - this.lastTop) < 1) return false;
    const top = scroller.scrollTop;
    this.lastTop = top;
    this.isAtEnd = scroller.scrollHeight - top - scroller.clientHeight <= endSlack;
    this.anchor = this.isAtEnd ? undefined : this.firstInSight(top);
    return true;
  }

  private readonly onScroll = (): void => {
    this.noteScroll();
    this.rounds = 0;
    this.layOut();
    if (this.setRange(this.lastTop)) this.forceUpdate();
    this.report();
  };

  private scrollTo(top: number): void {
    const scroller = this.scroller.current!;
    scroller.scrollTop = top;
    this.lastTop = scroller.scrollTop;
  }

  private firstInSight(top: number): Place | undefined {
    const edge = this.scroller.current!.getBoundingClientRect().top;
    for (const child of this.inner.current!.children) {
      const at = child.getBoundingClientRect();
      if (at.bottom <= edge || (child as HTMLElement).dataset.loose) continue;
      if (at.top > edge + this.viewport) break;
      return { key: (child as HTMLElement).dataset.key!, delta: at.top - edge };
    }
    // Far from what is in the document: a leap with the scroll bar.
    const { rows } = this;
    const { isLoose } = this.props;
    let at = this.rowAt(top);
    while (at + 1 < rows.length && isLoose(rows[at]!)) ++at;
    const row = rows[at];
    return row && { key: row.key, delta: this.tops[at]! - top };
  }

  private report(): void {
    this.props.onMove(this.isAtEnd);
    this.checkTop();
  }

  private checkTop(): void {
    if (this.scroller.current!.scrollTop < nearTop) this.props.onTop();
  }
}
