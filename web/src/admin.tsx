// SPDX-License-Identifier: MIT
// The operator's page.
import { render } from 'preact';
import './styles/base.css';
import './styles/shell.css';
import './styles/overlays.css';
import './styles/admin.css';
import { AdminPage } from './admin/page';
import { startTheme } from './app/theme';

startTheme();
render(<AdminPage />, document.getElementById('app')!);
