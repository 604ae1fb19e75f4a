import { parse, print, tidy } from './json.js';

const keyField = document.getElementById('key');
const findField = document.getElementById('find');
const main = document.getElementById('operation');
const list = document.getElementById('operations');
const takesId = /^(id|refundId|jobId|targetId|report|report_id|exception_id|starting_after|ending_before)$/;
const seenIds = new Set();
let api;
let operations = [];

/** An element with attributes, listeners (`on…`) and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== undefined && value !== false) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter(child => child !== undefined && child !== null));
  return element;
}

/** What a reference of the document names. */
function resolve(part) {
  while (part?.$ref) {
    part = part.$ref.split('/').slice(1).reduce((at, name) => at[name], api);
  }
  return part;
}

// Lines break before a slash.
const breakable = path => path.split(/(?=\/)/).flatMap(part => [make('wbr'), part]);

const method = name => make('span', { class: `method ${name.toLowerCase()}` }, name);

// Descriptions mark code with backquotes.
const prose = text => (text ?? '').split('`').map((part, at) => (at % 2 ? make('code', {}, part) : part));

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return 'try-' + Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

function showList() {
  const wanted = findField.value.trim().toLowerCase();
  const shown = operations.filter(({ name, path, description, tag }) =>
    `${name} ${path} ${description.summary} ${tag}`.toLowerCase().includes(wanted));
  const current = location.hash.slice(1);
  const groups = Map.groupBy
    ? Map.groupBy(shown, operation => operation.tag)
    : shown.reduce((map, one) => map.set(one.tag, [...(map.get(one.tag) ?? []), one]), new Map());
  list.replaceChildren(
    ...[...groups].map(([tag, ofTag]) => make('section', {},
      make('h2', {}, tag),
      make('ul', {}, ofTag.map(({ id, name, path }) => make('li', {},
        make('a', { href: `#${id}`, 'aria-current': id === current ? 'page' : undefined },
          method(name), make('span', { class: 'path' }, breakable(path)))))))),
    ...(shown.length ? [] : [make('p', { class: 'quiet' }, 'No operation is like that.')]));
}

function parameterRow(parameter) {
  const { name, description, required, example, schema = {} } = parameter;
  const id = `parameter-${name}`;
  const isKey = name === 'Idempotency-Key';
  const value = isKey && required ? newKey() : parameter.in === 'path' ? example ?? '' : '';
  const attributes = {
    id, name, 'data-in': parameter.in, 'data-rest': parameter['x-rest'], required: required && !parameter['x-rest'],
    'aria-describedby': `${id}-about`,
  };
  const field = schema.enum
    ? make('select', attributes, make('option', { value: '' }, ''),
      schema.enum.map(word => make('option', { value: word, selected: word === value }, word)))
    : make('input', {
      ...attributes, value, autocomplete: 'off', spellcheck: 'false',
      list: takesId.test(name) ? 'seen-ids' : undefined,
      placeholder: example === undefined ? undefined : `${example}`,
    });
  return make('div', { class: 'row' },
    make('label', { for: id }, name, make('small', {}, ` ${parameter.in}${required ? ', required' : ''}`)),
    make('div', { class: 'field' }, field, isKey
      ? make('button', { type: 'button', onclick: () => { field.value = newKey(); } }, 'New key')
      : undefined),
    make('p', { id: `${id}-about`, class: 'quiet' }, prose(description)));
}

/** The request as the form has it. */
function readRequest({ name, path, description }, form) {
  const headers = {};
  const query = new URLSearchParams();
  let address = path;
  for (const field of form.querySelectorAll('[data-in]')) {
    const value = field.value;
    if (field.dataset.in === 'path') {
      const escaped = encodeURIComponent(value);
      address = address.replace(`{${field.name}}`, 'rest' in field.dataset ? escaped.replaceAll('%2F', '/') : escaped);
    } else if (value !== '') {
      field.dataset.in === 'header' ? headers[field.name] = value : query.append(field.name, value);
    }
  }
  if (keyField.value.trim()) {
    headers.Authorization = `Bearer ${keyField.value.trim()}`;
  }
  const accept = form.elements.accept?.value;
  if (accept) {
    headers.Accept = accept;
  }
  const body = form.elements.body?.value;
  if (description.requestBody && body.trim() !== '') {
    headers['Content-Type'] = 'application/json';
  }
  return {
    method: name, headers, address: address + (query.size ? `?${query}` : ''),
    body: description.requestBody && body.trim() !== '' ? body : undefined,
  };
}

function curl({ method, address, headers, body }) {
  const quote = text => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    `curl -i ${method === 'GET' ? '' : `-X ${method} `}${quote(location.origin + address)}`,
    ...Object.entries(headers).map(([name, value]) =>
      `-H ${quote(`${name}: ${name === 'Authorization' ? 'Bearer $KEY' : value}`)}`.replace("$KEY'", "'\"$KEY\"")),
    ...(body === undefined ? [] : [`-d ${quote(body)}`]),
  ].join(' \\\n  ');
}

async function send(operation, form, result) {
  const request = readRequest(operation, form);
  const stop = new AbortController();
  const status = make('p', { class: 'status', role: 'status' }, 'Waiting for the answer …');
  const text = make('pre', { class: 'body', tabindex: '0', 'aria-label': 'Body of the answer' });
  const stopButton = make('button', { type: 'button', onclick: () => stop.abort() }, 'Stop');
  result.replaceChildren(make('h3', {}, 'Answer'), status, stopButton,
    make('details', {}, make('summary', {}, 'The same with curl'), make('pre', { tabindex: '0' }, curl(request))));
  const started = performance.now();
  try {
    const response = await fetch(request.address, { ...request, signal: stop.signal });
    const kind = response.ok ? 'good' : response.status < 500 ? 'refused' : 'bad';
    status.className = `status ${kind}`;
    status.replaceChildren(
      make('strong', {}, `${response.status} ${response.statusText}`),
      ` in ${Math.round(performance.now() - started)} ms`);
    result.append(
      make('details', { open: true }, make('summary', {}, 'Headers'),
        make('dl', { class: 'headers' }, [...response.headers].flatMap(([name, value]) =>
          [make('dt', {}, name), make('dd', {}, value)]))),
      text);
    await read(response, text);
  } catch (error) {
    if (!stop.signal.aborted) {
      status.className = 'status bad';
      status.textContent = `There was no answer: ${error.message}`;
    }
  } finally {
    stopButton.remove();
  }
}

// A stream of events is shown while it comes; anything else when it is whole.
async function read(response, text) {
  const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream');
  let whole = '';
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    whole += decoder.decode(part.value, { stream: true });
    if (isStream) {
      text.textContent = whole;
    }
  }
  text.textContent = tidy(whole);
  for (const [, id] of whole.matchAll(/"(?:id|messageId|report_id)":\s*"([^"]+)"/g)) {
    seenIds.add(id);
  }
  document.getElementById('seen-ids')?.replaceChildren(
    ...[...seenIds].slice(-20).reverse().map(id => make('option', { value: id })));
}

function answerPart([status, answer]) {
  const { description, content = {}, headers = {} } = resolve(answer);
  const examples = Object.entries(content).flatMap(([type, media]) => media.examples
    ? Object.values(media.examples).map(resolve).map(({ summary, description: about, value }) =>
      make('div', {}, make('h4', {}, make('code', {}, value.code), ` ${summary}`),
        make('p', { class: 'quiet' }, about), make('pre', { tabindex: '0' }, print(value))))
    : [make('div', {}, make('h4', {}, type), make('pre', { tabindex: '0' },
      typeof media.example === 'string' ? media.example : print(media.example ?? null)))]);
  return make('details', {},
    make('summary', {}, make('span', { class: `code c${status[0]}` }, status), ` ${description}`),
    Object.keys(headers).length
      ? make('dl', { class: 'headers' }, Object.entries(headers).flatMap(([name, header]) =>
        [make('dt', {}, name), make('dd', {}, resolve(header).description)]))
      : undefined,
    examples.length ? examples : make('p', { class: 'quiet' }, 'It has no body.'));
}

function showOperation() {
  const operation = operations.find(({ id }) => id === location.hash.slice(1)) ?? operations[0];
  const { name, path, description } = operation;
  const body = description.requestBody?.content['application/json'];
  const types = Object.keys(resolve(description.responses['200'])?.content ?? {});
  const result = make('section', { class: 'result', 'aria-live': 'polite' });
  const form = make('form', { onsubmit: event => { event.preventDefault(); send(operation, form, result); } },
    (description.parameters ?? []).map(resolve).map(parameterRow),
    types.length > 1 ? make('div', { class: 'row' },
      make('label', { for: 'accept' }, 'Answer as'),
      make('div', { class: 'field' }, make('select', { id: 'accept', name: 'accept' },
        types.map(type => make('option', {}, type))))) : undefined,
    body ? make('div', { class: 'row wide' },
      make('label', { for: 'body' }, 'Body',
        make('small', {}, description.requestBody.required ? ' JSON, required' : ' JSON, may be empty')),
      make('textarea', { id: 'body', name: 'body', rows: '9', spellcheck: 'false' }, print(body.example ?? {})))
      : undefined,
    make('datalist', { id: 'seen-ids' }, [...seenIds].map(id => make('option', { value: id }))),
    make('button', { class: 'send' }, 'Send'));
  main.replaceChildren(
    make('h2', {}, method(name), ' ', make('span', { class: 'path' }, breakable(path))),
    make('p', { class: 'summary' }, description.summary),
    make('p', { class: 'quiet' }, prose(description.description ?? 'It needs no key.')),
    form, result,
    make('section', { class: 'answers' }, make('h3', {}, 'What it answers'),
      Object.entries(description.responses).map(answerPart)));
  document.title = `${name} ${path} · Payments API`;
  showList();
}

async function start() {
  const response = await fetch('/openapi/v1.json');
  if (!response.ok) {
    throw new Error(`${response.status} ${response.statusText}`);
  }
  api = parse(await response.text());
  operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, description]) => ({
      id: description.operationId, name: name.toUpperCase(), path, description, tag: description.tags[0],
    })));
  keyField.value = sessionStorage.getItem('key') ?? '';
  keyField.addEventListener('change', () => sessionStorage.setItem('key', keyField.value.trim()));
  findField.addEventListener('input', showList);
  addEventListener('hashchange', () => {
    showOperation();
    main.focus();
    main.scrollIntoView();
  });
  showOperation();
}

start().catch(error => main.replaceChildren(
  make('p', { class: 'status bad', role: 'alert' }, `The document could not be read: ${error.message}`)));
