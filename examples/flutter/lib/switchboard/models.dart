// A call as the server's JSON has it. Fields are added over the years and never renamed, and words may
// be added too: each list of them has an `unknown`.

typedef Json = Map<String, Object?>;

/// Reads what is there, and nothing else: a field of another type is a field that is not there.
extension JsonReading on Json {
  String? text(String name) => switch (this[name]) {
    final String text => text,
    _ => null,
  };

  int? whole(String name) => switch (this[name]) {
    final num number => number.ceil(),
    _ => null,
  };

  bool flag(String name) => this[name] == true;

  Json? object(String name) => switch (this[name]) {
    final Json json => json,
    _ => null,
  };

  List<Json> objects(String name) {
    final list = this[name];
    return [
      if (list is List)
        for (final item in list)
          if (item is Json) item,
    ];
  }

  DateTime? time(String name) => DateTime.tryParse(text(name) ?? '');

  T word<T extends Word>(String name, List<T> words) {
    final wire = text(name);
    return words.firstWhere(
      (word) => word.wire == wire,
      orElse: () => words.last,
    );
  }
}

/// A word of the API; the last of each list is the one that this app does not know.
abstract interface class Word {
  String get wire;
}

/// How to ring and what to open with. It forbids nothing.
enum CallKind implements Word {
  audio('audio'),
  video('video'),
  unknown('');

  const CallKind(this.wire);
  @override
  final String wire;
}

enum CallState implements Word {
  ringing('ringing'),
  active('active'),
  ended('ended'),
  unknown('');

  const CallState(this.wire);
  @override
  final String wire;
}

/// What became of a call that has ended.
enum Outcome implements Word {
  answered('answered'),
  missed('missed'),
  declined('declined'),
  busy('busy'),
  cancelled('cancelled'),
  failed('failed'),
  unknown('');

  const Outcome(this.wire);
  @override
  final String wire;
}

/// Why a call, or one person's part in it, has ended.
enum Reason implements Word {
  hangup('hangup'),
  ringTimeout('ring_timeout'),
  declined('declined'),
  busy('busy'),
  callerLost('caller_lost'),
  connectionLost('connection_lost'),
  neverJoined('never_joined'),
  alone('alone'),
  maxDuration('max_duration'),
  endedForAll('ended_for_all'),
  endedByHostApp('ended_by_host_app'),
  replaced('replaced'),
  unknown('');

  const Reason(this.wire);
  @override
  final String wire;
}

enum PartyState implements Word {
  ringing('ringing'),
  joining('joining'),
  joined('joined'),
  lost('lost'),
  left('left'),
  declined('declined'),
  missed('missed'),
  busy('busy'),
  cancelled('cancelled'),
  unknown('');

  const PartyState(this.wire);
  @override
  final String wire;

  /// Whoever is in one of these states holds a seat, and nobody holds two.
  bool get isSeated => this == joining || this == joined || this == lost;
}

/// The last change of a call, as the feed names it. For words on the screen; decide by the call.
enum Cause implements Word {
  ringing('ringing'),
  alerting('alerting'),
  accepted('accepted'),
  answeredElsewhere('answered_elsewhere'),
  declined('declined'),
  missed('missed'),
  cancelled('cancelled'),
  joined('joined'),
  lost('lost'),
  left('left'),
  invited('invited'),
  ended('ended'),
  unknown('');

  const Cause(this.wire);
  @override
  final String wire;
}

enum Role implements Word {
  caller('caller'),
  callee('callee'),
  unknown('');

  const Role(this.wire);
  @override
  final String wire;
}

/// Of a call in a list.
enum Direction implements Word {
  incoming('incoming'),
  outgoing('outgoing'),
  unknown('');

  const Direction(this.wire);
  @override
  final String wire;
}

class Party {
  const Party(this.json);

  final Json json;

  String get uid => json.text('uid') ?? '';
  Role get role => json.word('role', Role.values);
  PartyState get state => json.word('state', PartyState.values);
  String? get name => json.text('name');
  String? get picture => json.text('picture');

  /// One of their phones says that it rings. The caller is told.
  bool get isAlerting => json.flag('isAlerting');
}

/// The reader's own part in a call.
class Me {
  const Me(this.json);

  final Json json;

  Role get role => json.word('role', Role.values);
  PartyState get state => json.word('state', PartyState.values);

  /// That holds the seat, or held it last.
  String? get device => json.text('device');

  /// How much longer to ring, counted from the answer; 0 in the answer grace.
  int get ringSeconds => json.whole('ringSeconds') ?? 0;
  Reason? get reason =>
      json.text('reason') == null ? null : json.word('reason', Reason.values);
}

class Call {
  Call(this.json) : me = Me(json.object('me') ?? const {});

  final Json json;
  final Me me;

  /// A UUID in small letters. CallKit hands ids back in capitals.
  String get id => json.text('id') ?? '';

  /// Rises with every change that the reader can see.
  int get version => json.whole('version') ?? 0;
  CallKind get kind => json.word('kind', CallKind.values);

  /// What it is about: a chat's id.
  String? get context => json.text('context');

  /// What the caller's app has put there.
  Object? get data => json['data'];
  bool get isGroup => json.flag('isGroup');
  CallState get state => json.word('state', CallState.values);
  Outcome? get outcome => json.text('outcome') == null
      ? null
      : json.word('outcome', Outcome.values);
  Reason? get reason =>
      json.text('reason') == null ? null : json.word('reason', Reason.values);
  DateTime? get createdAt => json.time('createdAt');
  DateTime? get activeAt => json.time('activeAt');
  DateTime? get endedAt => json.time('endedAt');

  /// From the second person's arrival to the end.
  int? get talkSeconds => json.whole('talkSeconds');

  /// The uid of whoever placed it.
  String get caller => json.text('caller') ?? '';

  /// How many of those who are rung have a device or an open feed; the caller is told, while it rings.
  /// 0: nothing of theirs can ring.
  int? get reach => json.whole('reach');

  /// The caller first.
  List<Party> get parties => [
    for (final party in json.objects('parties')) Party(party),
  ];

  /// Only in lists.
  Direction get direction => json.word('direction', Direction.values);

  bool get isEnded => state == CallState.ended;

  /// The whole truth about ringing: nothing else makes a phone ring.
  bool get isRinging => me.state == PartyState.ringing && me.ringSeconds > 0;

  /// Whether this device is the one that is in the call.
  bool isHere(String device) => me.state.isSeated && me.device == device;

  /// Whether another device of this person is.
  bool isElsewhere(String device) => me.state.isSeated && me.device != device;

  bool get isAlerting => parties.any((party) => party.isAlerting);

  Party? partyOf(String uid) {
    for (final party in parties) {
      if (party.uid == uid) return party;
    }
    return null;
  }

  /// The caller's name, or null: the app has a word of its own.
  String? get callerName => partyOf(caller)?.name;

  /// Whom the system's own screens name: who calls, and for the caller the first whom he calls.
  String? get otherName {
    if (me.role != Role.caller) return callerName;
    for (final party in parties) {
      if (party.uid != caller) return party.name;
    }
    return null;
  }
}

/// A call and the way into its room. Without a token where it has ended already: everybody was busy.
class Entry {
  const Entry(this.call, {this.token, this.serverUrl, this.expiresAt});

  factory Entry.of(Call call, Json json) => Entry(
    call,
    token: json.text('token') ?? json.text('participant_token'),
    serverUrl: json.text('server_url'),
    expiresAt: json.time('expires_at'),
  );

  final Call call;
  final String? token;
  final String? serverUrl;
  final DateTime? expiresAt;
}

/// A page of history, newest first.
class CallPage {
  CallPage(Json json)
    : calls = [for (final call in json.objects('calls')) Call(call)],
      next = json.text('next'),
      serverTime = json.time('serverTime');

  final List<Call> calls;

  /// For `after`; null: that was the last page.
  final String? next;
  final DateTime? serverTime;
}

class FeedChange {
  FeedChange(Json json)
    : cursor = json.text('cursor'),
      cause = json.word('cause', Cause.values),
      call = Call(json.object('call') ?? const {});

  final String? cursor;
  final Cause cause;
  final Call call;
}

/// [changes] since the cursor; or [calls], all live ones, where the cursor was none of this feed.
class FeedPage {
  FeedPage(Json json)
    : cursor = json.text('cursor'),
      serverTime = json.time('serverTime'),
      isSnapshot = json.containsKey('calls'),
      changes = [for (final change in json.objects('changes')) FeedChange(change)],
      calls = [for (final call in json.objects('calls')) Call(call)];

  final String? cursor;
  final DateTime? serverTime;
  final bool isSnapshot;
  final List<FeedChange> changes;
  final List<Call> calls;
}

/// A way to this installation: `fcm_token`, `fid`, `apns_voip`, `apns`, or `host` for a sender of
/// your own.
class PushTarget {
  const PushTarget(this.kind, this.value, {this.isSandbox = false});

  final String kind;
  final String value;

  /// Of APNs: an app that Xcode has installed has another server.
  final bool isSandbox;

  Json toJson() => {
    'kind': kind,
    'value': value,
    if (isSandbox) 'sandbox': true,
  };

  @override
  bool operator ==(Object other) =>
      other is PushTarget &&
      other.kind == kind &&
      other.value == value &&
      other.isSandbox == isSandbox;

  @override
  int get hashCode => Object.hash(kind, value, isSandbox);
}
