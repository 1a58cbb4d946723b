/** A WebSocket to the server, until it closes. */

/** An open or opening connection. */
export interface Connection {
  send(message: unknown): void;
  close(): void;
  /** Resolves when it has closed, with whether it was ever open. */
  readonly closed: Promise<boolean>;
}

/** Connects to a path below `api/`; `heard` gets every message, `opened` is called once. */
export function connect(
  where: string,
  heard: (message: unknown) => void,
  opened: () => void = () => undefined,
): Connection {
  const socket = new WebSocket(socketUrl(where));
  let open = false;
  socket.addEventListener("open", () => {
    open = true;
    opened();
  });
  socket.addEventListener("message", (event) => heard(JSON.parse(String(event.data))));
  const closed = new Promise<boolean>((resolve) =>
    socket.addEventListener("close", () => resolve(open)),
  );
  return {
    send: (message) => socket.send(JSON.stringify(message)),
    close: () => socket.close(),
    closed,
  };
}

function socketUrl(where: string): string {
  const url = new URL(`api/${where}`, document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
}
