// SPDX-License-Identifier: MIT
// The chat page.
import { render } from 'preact';
import './styles/base.css';
import './styles/shell.css';
import './styles/messages.css';
import './styles/overlays.css';
import { watchActivity } from './app/attention';
import { start } from './app/state';
import { App } from './ui/app';

watchActivity();
render(<App />, document.getElementById('app')!);
void start();
