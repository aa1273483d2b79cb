// SPDX-License-Identifier: MIT
// A line chart that moves: values of the last minutes, the newest at the right.
import { useSignal } from '@preact/signals';
import { niceMax, type Line } from './samples';

interface Props {
  title: string;
  lines: Line[];
  times: number[];
  span: number; // how many samples fit
  format: (value: number) => string;
}

const width = 520;
const height = 150;

export function Chart({ title, lines, times, span, format }: Props) {
  const pointed = useSignal<number | undefined>(undefined);
  const known = lines.flatMap(({ values }) => values.filter((each) => each !== undefined));
  const max = niceMax(Math.max(0, ...(known as number[])));
  const count = times.length;
  const x = (index: number) => width - ((count - 1 - index) * width) / (span - 1);
  const y = (value: number) => height - 4 - (value / max) * (height - 12);
  const at = pointed.value === undefined ? count - 1 : Math.min(pointed.value, count - 1);
  const onMove = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    pointed.value = Math.max(0, Math.round(count - 1 - (1 - share) * (span - 1)));
  };
  const values = lines.map(({ name, values }) => `${name} ${format(values[at] ?? 0)}`).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="chart-time">
          {pointed.value !== undefined && times[at]
            ? new Date(times[at]!).toLocaleTimeString()
            : ''}
        </span>
      </figcaption>
      <div class="chart-box">
        <svg
          viewBox={`0 0 ${width} ${height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${title}: ${values}`}
          onPointerMove={onMove}
          onPointerLeave={() => (pointed.value = undefined)}
        >
          {[0, 0.5, 1].map((share) => (
            <line
              key={share}
              class="grid"
              x1="0"
              x2={width}
              y1={y(share * max)}
              y2={y(share * max)}
            />
          ))}
          {lines.map(({ name, values: points }, index) => (
            <path key={name} class={`line-${index % 6}`} d={path(points, x, y)} />
          ))}
          {pointed.value !== undefined && (
            <line class="cross" x1={x(at)} x2={x(at)} y1="0" y2={height} />
          )}
        </svg>
        <span class="axis is-top">{format(max)}</span>
        <span class="axis is-middle">{format(max / 2)}</span>
      </div>
      <Legend lines={lines} at={at} format={format} />
    </figure>
  );
}

// What each line is, and its value at that place.
function Legend({ lines, at, format }: Pick<Props, 'lines' | 'format'> & { at: number }) {
  return (
    <ul class="legend">
      {lines.map(({ name, values: points }, index) => (
        <li key={name}>
          <i class={`line-${index % 6}`} aria-hidden="true" />
          {name}
          <b>{points[at] === undefined ? '–' : format(points[at]!)}</b>
        </li>
      ))}
    </ul>
  );
}

function path(
  values: (number | undefined)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  let drawn = '';
  let isPen = false;
  values.forEach((value, index) => {
    if (value === undefined) {
      isPen = false;
      return;
    }
    drawn += `${isPen ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    isPen = true;
  });
  return drawn;
}
