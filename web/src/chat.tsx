// SPDX-License-Identifier: MIT
// The chat page: starts its parts, in the order in which they need one another. No module does
// anything by being imported.
import { render } from 'preact';
import './styles/base.css';
import './styles/shell.css';
import './styles/messages.css';
import './styles/overlays.css';
import { startAttention } from './app/attention';
import { startNavigation } from './app/navigation';
import { startSession } from './app/session';
import { startTheme } from './app/theme';
import { App } from './ui/app';
import { startLayout } from './ui/layout';

startTheme();
startLayout();
startNavigation();
startAttention();
render(<App />, document.getElementById('app')!);
void startSession();
