// The OpenAPI document as one readable page: no script, nothing fetched from elsewhere.

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}
type Content = { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content & { readonly description?: string }>>;
}
interface Document {
  readonly info?: { readonly title?: string; readonly version?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const STYLE = `
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
  h2 { font-family: ui-monospace, monospace; font-size: 1.1rem; margin-top: 2.5rem }
  table { border-collapse: collapse; width: 100% }
  td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884 }
  code, td:first-child { font-family: ui-monospace, monospace }
  td:first-child, td:nth-child(2) { white-space: nowrap }
  h1, h2, p { overflow-wrap: anywhere }
  @media (max-width: 40rem) {
    tr { display: block; padding: .45rem 0; border-bottom: 1px solid #8884 }
    td { display: inline; padding: 0; border: 0; overflow-wrap: anywhere }
    td:first-child { white-space: normal; font-weight: 600 }
    td:nth-child(2) { padding-left: .6rem; opacity: .75 }
    td:last-child { display: block }
  }
`;

/** The hash that lets a Content-Security-Policy allow this page's style and nothing else. */
export { STYLE as API_PAGE_STYLE };

/** The page of an OpenAPI 3.1 document. */
export function apiPage(openapi: object): string {
  const { info = {}, paths = {} } = openapi as Document;
  const { title = '', version = '' } = info;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationPart(method, path, operation)),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style>
<h1>${escapeHtml(title)} ${escapeHtml(version)}</h1>
<p>The same as a machine reads it: <a href="/openapi.json">/openapi.json</a>.</p>
${operations.join('\n')}</html>`;
}

function operationPart(method: string, path: string, operation: Operation): string {
  const { summary = '', description = '', requestBody, responses = {} } = operation;
  const answers = Object.entries(responses).map(
    ([status, response]) =>
      `<h3>${escapeHtml(status)}</h3>${schemaPart(schemaOf(response)) || paragraph(response.description)}`,
  );
  const body = requestBody === undefined ? '' : `<h3>Body</h3>${schemaPart(schemaOf(requestBody))}`;
  return `<section><h2>${escapeHtml(method.toUpperCase())} ${escapeHtml(path)}</h2>
<p><strong>${prose(summary)}</strong></p>${paragraph(description)}${body}${answers.join('')}</section>`;
}

const schemaOf = (content: Content): Schema | undefined =>
  Object.values(content.content ?? {})[0]?.schema;

function schemaPart(schema: Schema | undefined): string {
  if (schema?.properties === undefined) return '';
  const rows = Object.entries(schema.properties).map(([name, property]) => {
    const values = property.enum === undefined ? '' : ` One of: ${property.enum.join(', ')}.`;
    return `<tr><td>${escapeHtml(name)}<td>${escapeHtml([property.type ?? ''].flat().join(' or '))}<td>${escapeHtml((property.description ?? '') + values)}`;
  });
  return `${paragraph(schema.description)}<table>${rows.join('')}</table>`;
}

const paragraph = (text = ''): string => (text === '' ? '' : `<p>${prose(text)}</p>`);

/** Markdown's code spans, and nothing more of it. */
const prose = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
