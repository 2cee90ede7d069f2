import type { ServiceRequest, Services } from '../http/services.ts';

export interface FakeServices extends Services {
  readonly requests: ServiceRequest[];
}

/** An answer that is no success. */
export class Refused {
  readonly status: number;
  readonly body: object | string;

  constructor(status: number, body: object | string) {
    this.status = status;
    this.body = body;
  }
}

/** Services that answer from a table, by method and address without its query; what is not in it is a 404. */
export function fakeServices(
  answers: Readonly<Record<string, (request: ServiceRequest) => object | string>>,
): FakeServices {
  const requests: ServiceRequest[] = [];
  return {
    requests,
    close: () => {},
    send: async (request) => {
      requests.push(request);
      const answer =
        answers[`${request.method} ${request.url.origin}${request.url.pathname}`]?.(request) ??
        new Refused(404, 'not found');
      const [status, body] = answer instanceof Refused ? [answer.status, answer.body] : [200, answer];
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status, headers: {}, body: new TextEncoder().encode(text) };
    },
  };
}

/** The form a request carries. */
export function formOf(request: ServiceRequest): URLSearchParams {
  return new URLSearchParams(new TextDecoder().decode(request.body));
}
