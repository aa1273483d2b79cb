// SPDX-License-Identifier: MIT
// Forms: fields with their labels, what is wrong, and what can be done.
import { useSignal, type Signal } from '@preact/signals';
import { cloneElement, type ComponentChildren, type VNode } from 'preact';
import { useId } from 'preact/hooks';
import { closeDialog, dialog } from '../app/overlays';
import { messageOf } from '../model/codes';
import { Icon } from './icons';

// A form in a dialog, with one action and a way back. When `onSubmit` throws it stays open and
// tells why; when `onSubmit` answers false it only stays open.
export function Form(props: {
  action: string;
  isDanger?: boolean;
  onSubmit: () => Promise<unknown>;
  children?: ComponentChildren;
}) {
  const isBusy = useSignal(false);
  const error = useSignal('');
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    error.value = '';
    const mine = dialog.peek();
    try {
      const isDone = await props.onSubmit();
      // By now another dialog may be open, which is not ours to close.
      if (isDone !== false && dialog.peek() === mine) closeDialog();
    } catch (problem) {
      error.value = messageOf(problem);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <form class="form" onSubmit={submit}>
      {props.children}
      <FormError text={error.value} />
      <FormActions
        action={props.action}
        isDanger={props.isDanger}
        isBusy={isBusy.value}
        onCancel={closeDialog}
      />
    </form>
  );
}

// `onAction`: what to do when there is no form to be submitted.
export function FormActions(props: {
  action: string;
  isDanger?: boolean | undefined;
  isBusy?: boolean;
  onCancel: () => void;
  onAction?: () => void;
}) {
  return (
    <div class="form-actions">
      <button type="button" class="button" onClick={props.onCancel}>
        Cancel
      </button>
      <button
        type={props.onAction ? 'button' : 'submit'}
        class={`button ${props.isDanger ? 'is-danger' : 'is-primary'}`}
        disabled={props.isBusy ?? false}
        onClick={props.onAction}
      >
        {props.action}
      </button>
    </div>
  );
}

// Properties of a field that shows a signal and writes to it.
export function bound(text: Signal<string>) {
  return {
    value: text.value,
    onInput: (event: { currentTarget: { value: string } }) => {
      text.value = event.currentTarget.value;
    },
  };
}

// A field with its label, and a hint that is not part of its name.
export function Labelled(props: {
  label: string;
  hint?: string | undefined;
  children: VNode<{ id?: string; 'aria-describedby'?: string }>;
  after?: ComponentChildren; // inside the field's box
}) {
  const id = useId();
  const described = props.hint ? { 'aria-describedby': `${id}-hint` } : {};
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {props.label}
      </label>
      <span class="field-box">
        {cloneElement(props.children, { id, ...described })}
        {props.after}
      </span>
      {props.hint && (
        <span class="field-hint" id={`${id}-hint`}>
          {props.hint}
        </span>
      )}
    </div>
  );
}

// How long something lasts, in seconds; 0: for good.
export type Span = [seconds: number, label: string];

export const spans: Span[] = [
  [3600, '1 hour'],
  [86_400, '1 day'],
  [604_800, '1 week'],
  [0, 'For good'],
];

export function SpanSelect(props: {
  spans: Span[];
  seconds: Signal<number>;
  id?: string;
  'aria-label'?: string;
}) {
  const { spans, seconds, ...rest } = props;
  return (
    <select
      {...rest}
      value={seconds.value}
      onChange={(event) => (seconds.value = Number(event.currentTarget.value))}
    >
      {spans.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

// Why something did not work, where it was asked for.
export function FormError({ text }: { text: string }) {
  if (!text) return null;
  return (
    <p class="form-error" role="alert">
      <Icon name="alert" size={16} /> <span>{text}</span>
    </p>
  );
}
