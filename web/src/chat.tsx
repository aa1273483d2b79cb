import { render } from 'preact'; render(<h1>chirm</h1>, document.getElementById('app')!);
