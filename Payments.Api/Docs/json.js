// JSON that keeps its numbers as they were written: to a browser 100.00 is 100, to who reads an amount it is not.

class Written {
  constructor(text) {
    this.text = text;
  }
}

export function parse(text) {
  return JSON.parse(text, (name, value, context) =>
    typeof value === 'number' && context?.source !== undefined && context.source !== String(value)
      ? new Written(context.source)
      : value);
}

export function print(value, indent = '') {
  if (value instanceof Written) {
    return value.text;
  }

  if (value === null || typeof value !== 'object') {
    return JSON.stringify(value);
  }

  const deeper = indent + '  ';
  const [open, close, items] = Array.isArray(value)
    ? ['[', ']', value.map(item => print(item, deeper))]
    : ['{', '}', Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${print(item, deeper)}`)];
  return items.length === 0 ? open + close : `${open}\n${deeper}${items.join(`,\n${deeper}`)}\n${indent}${close}`;
}

/** The text in readable lines if it is JSON, else as it is. */
export function tidy(text) {
  try {
    return print(parse(text));
  } catch {
    return text;
  }
}
