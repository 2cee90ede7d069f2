import { answerReader } from '../../http/json.ts';
import { jsonAnswer, type ServiceAnswer } from '../../http/services.ts';

/** The token in a provider's JSON answer. @throws SIGNING_SERVICE_ANSWER */
export function tokenMember(service: string, answer: ServiceAnswer, name: string): string {
  const read = answerReader(service);
  return read.text(read.object(jsonAnswer(service, answer), 'the answer'), name);
}
