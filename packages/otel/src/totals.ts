import type { Attributes, Meter, ObservableResult } from '@opentelemetry/api';

/** One number with its attributes, which all that counts it share. */
export interface Cell {
  readonly attributes: Attributes;
  value: number;
}

/** A number for each set of attributes. */
export class Totals {
  readonly #cells = new Map<string, Cell>();

  /** The cell of one or two values, by which it is found again without making anything. */
  cell(key: string, attributesOf: () => Attributes): Cell {
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    const cell = { attributes: Object.freeze(attributesOf()), value: 0 };
    this.#cells.set(key, cell);
    return cell;
  }

  readonly observe = (result: ObservableResult): void => {
    for (const { attributes, value } of this.#cells.values()) result.observe(value, attributes);
  };
}

/** A counter, or a level, that is added to by a mere addition: it is read when somebody collects. */
export function countedBy(meter: Meter, name: string, options: { readonly description: string; readonly isLevel?: boolean }): Totals {
  const totals = new Totals();
  const { description, isLevel = false } = options;
  const instrument = isLevel ? meter.createObservableUpDownCounter(name, { description }) : meter.createObservableCounter(name, { description });
  instrument.addCallback(totals.observe);
  return totals;
}
