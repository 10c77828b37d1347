/** The panel's page: one script, one style sheet, nothing from the network. */

export interface PanelAssets {
  readonly script: string;
  readonly style: string;
  /** The webview's own source, for the style sheet. */
  readonly cspSource: string;
  /** Random for each page; only scripts that carry it run. */
  readonly nonce: string;
}

export function panelHtml({ script, style, cspSource, nonce }: PanelAssets): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${cspSource}; img-src 'none'; font-src 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${style}">
  <title>Training run</title>
</head>
<body>
  <div id="haywire"></div>
  <script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
