// SPDX-License-Identifier: MIT
// A component that is rendered again only when one of its properties has changed.
import { Component, h, type ComponentType, type FunctionComponent } from 'preact';

export function memo<P extends object>(View: FunctionComponent<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const names = new Set([...Object.keys(next), ...Object.keys(this.props)]) as Set<keyof P>;
      for (const name of names) if (next[name] !== (this.props as P)[name]) return true;
      return false;
    }
    override render() {
      return h(View, this.props as P);
    }
  };
}
