// SPDX-License-Identifier: MIT
// A part of a view that fails alone: what an error within it would have shown is replaced, and all
// around it stays. Without one, Preact takes the whole page away.
import { Component, type ComponentChildren } from 'preact';

interface Props {
  of?: unknown; // what is shown; when it changes, it is tried again
  name: string; // what it is called: "message"
  children: ComponentChildren;
}

export class Guarded extends Component<Props, { failed?: { of: unknown } | undefined }> {
  override componentDidCatch(error: unknown): void {
    console.warn(`a ${this.props.name} could not be shown`, error);
    this.setState({ failed: { of: this.props.of } });
  }

  override render() {
    const { failed } = this.state;
    if (!failed || failed.of !== this.props.of) return this.props.children;
    return <span class="unshown faint">This {this.props.name} cannot be shown.</span>;
  }
}
