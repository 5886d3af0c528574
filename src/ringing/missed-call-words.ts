// "Missed call" in the languages of phones. Where a name would have to be inflected it stands behind a
// colon.
import type { CallKind } from '../calls/call.ts';

export interface MissedCallWords {
  /** Of somebody whose name is not known. */
  readonly missed: Readonly<Record<CallKind, string>>;
  /** With {@link NAME} in the place of the name. */
  readonly from: Readonly<Record<CallKind, string>>;
}

export const NAME = '{name}';

const words = (
  [audio, video]: readonly [string, string],
  [fromAudio, fromVideo]: readonly [string, string],
): MissedCallWords => ({ missed: { audio, video }, from: { audio: fromAudio, video: fromVideo } });

/** A preposition, or a colon, between. */
const before = (audio: string, video: string, between: string): MissedCallWords =>
  words([audio, video], [`${audio}${between}${NAME}`, `${video}${between}${NAME}`]);

/** By language, or language and script. */
export const MISSED_CALL_WORDS: Readonly<Record<string, MissedCallWords>> = {
  ar: before('مكالمة فائتة', 'مكالمة فيديو فائتة', ' من '),
  bn: words(['মিসড কল', 'মিসড ভিডিও কল'], [`${NAME}-এর মিসড কল`, `${NAME}-এর মিসড ভিডিও কল`]),
  cs: before('Zmeškaný hovor', 'Zmeškaný videohovor', ': '),
  da: before('Ubesvaret opkald', 'Ubesvaret videoopkald', ' fra '),
  de: before('Verpasster Anruf', 'Verpasster Videoanruf', ' von '),
  el: before('Αναπάντητη κλήση', 'Αναπάντητη βιντεοκλήση', ': '),
  en: before('Missed call', 'Missed video call', ' from '),
  es: before('Llamada perdida', 'Videollamada perdida', ' de '),
  fi: before('Vastaamaton puhelu', 'Vastaamaton videopuhelu', ': '),
  fr: before('Appel manqué', 'Appel vidéo manqué', ' de '),
  he: before('שיחה שלא נענתה', 'שיחת וידאו שלא נענתה', ': '),
  hi: words(['मिस्ड कॉल', 'मिस्ड वीडियो कॉल'], [`${NAME} की मिस्ड कॉल`, `${NAME} की मिस्ड वीडियो कॉल`]),
  id: before('Panggilan tak terjawab', 'Panggilan video tak terjawab', ' dari '),
  it: before('Chiamata persa', 'Videochiamata persa', ' da '),
  ja: words(
    ['不在着信', 'ビデオ通話の不在着信'],
    [`${NAME}さんからの不在着信`, `${NAME}さんからのビデオ通話の不在着信`],
  ),
  ko: words(
    ['부재중 전화', '부재중 영상 통화'],
    [`${NAME}님의 부재중 전화`, `${NAME}님의 부재중 영상 통화`],
  ),
  nb: before('Tapt anrop', 'Tapt videoanrop', ' fra '),
  nl: before('Gemiste oproep', 'Gemiste video-oproep', ' van '),
  pl: before('Nieodebrane połączenie', 'Nieodebrane połączenie wideo', ': '),
  pt: before('Chamada perdida', 'Videochamada perdida', ' de '),
  ro: before('Apel pierdut', 'Apel video pierdut', ' de la '),
  ru: before('Пропущенный вызов', 'Пропущенный видеовызов', ': '),
  sv: before('Missat samtal', 'Missat videosamtal', ' från '),
  th: before('สายที่ไม่ได้รับ', 'สายวิดีโอที่ไม่ได้รับ', 'จาก '),
  tr: words(
    ['Cevapsız arama', 'Cevapsız görüntülü arama'],
    [`${NAME} kişisinden cevapsız arama`, `${NAME} kişisinden cevapsız görüntülü arama`],
  ),
  uk: before('Пропущений виклик', 'Пропущений відеовиклик', ': '),
  vi: before('Cuộc gọi nhỡ', 'Cuộc gọi video nhỡ', ' từ '),
  'zh-Hans': words(
    ['未接来电', '未接视频通话'],
    [`来自 ${NAME} 的未接来电`, `来自 ${NAME} 的未接视频通话`],
  ),
  'zh-Hant': words(
    ['未接來電', '未接視訊通話'],
    [`來自 ${NAME} 的未接來電`, `來自 ${NAME} 的未接視訊通話`],
  ),
};

export const ENGLISH = MISSED_CALL_WORDS.en as MissedCallWords;
