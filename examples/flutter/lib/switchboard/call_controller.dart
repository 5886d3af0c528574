import 'dart:async';

import 'package:flutter/widgets.dart';
import 'package:livekit_client/livekit_client.dart'
    show
        AudioEngineAvailability,
        AudioManager,
        AudioSessionManagementMode,
        DisconnectReason;

import 'call_feed.dart';
import 'calls_client.dart';
import 'errors.dart';
import 'models.dart';
import 'native_phone.dart';
import 'phone_state.dart';
import 'push_registration.dart';
import 'room_session.dart';

/// The phone of whoever is signed in: one call at a time, and what the screen shows of it. Make it when
/// somebody signs in; [signOut] before they sign out.
class CallController extends ChangeNotifier with WidgetsBindingObserver {
  CallController({required this.client, required this.phone})
    : _registration = PushRegistration(client, phone) {
    _feed = CallFeed(client, onCall: _hear, onSnapshot: _replace);
  }

  final CallsClient client;
  final NativePhone phone;
  final PushRegistration _registration;
  late final CallFeed _feed;
  StreamSubscription<PhoneEvent>? _phoneEvents;

  PhoneState _state = const Idle();
  PhoneState get state => _state;

  /// The call that this phone is about; each await may find another one, or none.
  String? _callId;
  Call? _call;
  RoomSession? _session;
  RoomSession? get session => _session;
  final Map<String, Call> _live = {};
  Timer? _ringTimer;

  /// The one whose room is being asked for.
  String? _entering;

  /// Said no to, or rung out: not again for this ring, whatever is heard late.
  final Set<String> _silenced = {};
  bool _isDisposed = false;

  /// Outlasts a room that was lost, and a button that was pressed before there was one.
  bool _isMuted = false;
  bool _isSpeakerOn = false;
  bool get isSpeakerOn => _isSpeakerOn;
  bool get _isIos => phone.platform == 'ios';

  Future<void> start() async {
    WidgetsBinding.instance.addObserver(this);
    _phoneEvents = phone.events.listen(_onPhone);
    if (_isIos) {
      // CallKit owns the sound: it is given at an answer, and taken at the end.
      final audio = AudioManager.instance;
      await audio.setAudioSessionManagementMode(
        AudioSessionManagementMode.externalCallSystem,
      );
      await audio.setEngineAvailability(AudioEngineAvailability.none);
    }
    _feed.start();
    unawaited(_quietly(_registration.start()));
    final answered = await phone.ready();
    if (answered != null) await _answered(answered.toLowerCase());
  }

  Future<void> signOut() async {
    if (_callId != null) await hangUp();
    _feed.forget();
    _live.clear();
    await _quietly(_registration.stop());
    await _stopListening();
    _set(const Idle());
  }

  @override
  void dispose() {
    _isDisposed = true;
    _feed.stop();
    _ringTimer?.cancel();
    unawaited(_registration.pause());
    unawaited(_stopListening());
    unawaited(_session?.close());
    final id = _callId;
    _forget(); // what is still asked for opens no room any more
    if (id != null) unawaited(_quietly(phone.ended(id, 'ended')));
    super.dispose();
  }

  Future<void> _stopListening() async {
    WidgetsBinding.instance.removeObserver(this);
    await _phoneEvents?.cancel();
    _phoneEvents = null;
  }

  /// In the background pushes ring, and LiveKit's own events tell of the call.
  @override
  void didChangeAppLifecycleState(AppLifecycleState state) {
    switch (state) {
      case AppLifecycleState.resumed:
        _feed.start();
      case AppLifecycleState.paused when _callId == null:
        _feed.stop();
      default:
    }
  }

  Future<void> place(
    List<String> callees, {
    CallKind kind = CallKind.audio,
    String? context,
    Object? data,
    String name = '',
  }) async {
    if (_callId != null) return;
    final id = newCallId();
    _begin(id, null, const Outgoing(isAlerting: false));
    await _quietly(phone.outgoing(id, name, kind));
    await _enter(
      id,
      () => client.place(
        callees: callees,
        callId: id,
        kind: kind,
        context: context,
        data: data,
      ),
    );
  }

  /// Through the native side, where the ring is known there: CallKit and the ticket want it so.
  Future<void> accept() async {
    final id = _callId;
    if (id == null || _state is! Incoming) return;
    _ringTimer?.cancel();
    _set(Connecting(_call));
    if (!await phone.answer(id)) return await _goOn(id);
    // Comes back as AnsweredOutside. Where CallKit has thought better of it, it does not.
    Timer(const Duration(seconds: 3), () {
      if (_callId == id) unawaited(_answered(id));
    });
  }

  /// Into a call that the system does not know: it kept the ring quiet (do not disturb), or this app was
  /// restarted. It is told of it as of an outgoing one, for the sake of the sound.
  Future<void> _goOn(String id) async {
    final call = _live[id] ?? _call;
    final kind = call?.kind ?? CallKind.audio;
    _begin(id, call, Connecting(call));
    await _quietly(phone.outgoing(id, call?.otherName ?? '', kind));
    await _enter(id, () => client.accept(id));
  }

  /// After [CallErrorCode.inAnotherCall] or [CallErrorCode.answeredElsewhere], when the person says so.
  Future<void> acceptAfterAll() async {
    final ended = _state;
    if (ended is! Ended) return;
    final id = ended.call?.id;
    if (id == null) return;
    _begin(id, ended.call, Connecting(ended.call));
    final other = ended.error?.callId;
    await _quietly(
      phone.outgoing(
        id,
        ended.call?.otherName ?? '',
        ended.call?.kind ?? CallKind.audio,
      ),
    );
    await _enter(
      id,
      () => other == null
          ? client.accept(id, takeOver: true)
          : client.accept(id, instead: other),
    );
  }

  Future<void> decline() async {
    final id = _callId;
    if (id == null || _state is! Incoming) return;
    _silenced.add(id);
    _forget();
    _set(const Idle());
    if (await phone.decline(id)) return; // by the ticket
    await _quietly(client.decline(id));
  }

  /// Whatever the state: hangs up, cancels, or declines.
  Future<void> hangUp() async {
    if (_state is Incoming) return decline();
    final id = _callId;
    final session = _session;
    if (id == null) return dismiss();
    _forget();
    _set(const Idle());
    await _quietly(phone.ended(id, 'ended'));
    // Both at once: neither waits for the other's network.
    await Future.wait([
      _quietly(client.leave(id)),
      if (session != null) _quietly(session.close()),
    ]);
  }

  Future<void> endForAll() async {
    final id = _callId;
    if (id == null) return;
    await client.end(id);
    await hangUp();
  }

  Future<void> invite(List<String> callees) async {
    final id = _callId;
    if (id != null) _hear(await client.invite(id, callees), Cause.invited);
  }

  Future<void> setMuted(bool isMuted) async {
    final id = _callId;
    await _mute(isMuted);
    if (id != null) await _quietly(phone.mute(id, isMuted: isMuted));
  }

  /// Without a word to the native side: it is what has said so.
  Future<void> _mute(bool isMuted) async {
    _isMuted = isMuted;
    await _session?.setMuted(isMuted);
  }

  Future<void> setCamera(bool isOn) async => _session?.setCamera(isOn);

  Future<void> setSpeaker(bool isOn) async {
    await AudioManager.instance.setSpeakerOutputPreferred(isOn);
    _isSpeakerOn = isOn;
    _set(_state);
  }

  void dismiss() {
    if (_state is Ended) _set(const Idle());
  }

  // What is heard of calls.

  void _replace(List<Call> calls) {
    _live.clear();
    final current = _callId;
    for (final call in calls) {
      _hear(call, Cause.unknown);
      if (_callId == null && call.isHere(client.installationId)) {
        unawaited(_goOn(call.id)); // this app was restarted in a call
      }
    }
    if (current != null && current == _callId && !_live.containsKey(current)) {
      unawaited(_quietly(_ask(current)));
    }
  }

  Future<void> _ask(String id) async => _hear(await client.get(id), Cause.ended);

  void _hear(Call call, Cause cause) {
    final known = _live[call.id];
    if (known != null && call.version < known.version) return;
    if (call.me.state != PartyState.ringing) _silenced.remove(call.id);
    if (call.isEnded) {
      _live.remove(call.id);
    } else {
      _live[call.id] = call;
    }
    if (call.id == _callId) {
      _call = call;
      _follow(call);
    } else if (_callId == null && call.isRinging) {
      if (!_silenced.contains(call.id)) _ring(call);
    }
  }

  void _ring(Call call) {
    _begin(call.id, call, Incoming(call));
    final time = Duration(seconds: call.me.ringSeconds);
    _ringTimer = Timer(time, () => _stopRinging(call, 'over'));
    unawaited(_quietly(phone.ring(call)));
    unawaited(_quietly(client.alerting(call.id)));
  }

  void _follow(Call call) {
    final here = client.installationId;
    switch (_state) {
      case Incoming _ when call.isRinging:
        _set(Incoming(call));
      case Incoming _ when call.isHere(here):
        break; // answered outside: the native side tells it
      case Incoming _:
        _stopRinging(call, _stopCause(call));
      case Outgoing _ || Connecting _ || InCall _ when call.isEnded:
        _end(Ended(call: call));
      case Connecting _ || InCall _ when call.isElsewhere(here):
        _end(Ended(call: call, isElsewhere: true));
      case Outgoing _:
        _set(Outgoing(call: call, isAlerting: call.isAlerting));
      case InCall(:final since):
        _set(InCall(call, since: since));
      case Connecting _ || Idle _ || Ended _:
        break;
    }
  }

  void _stopRinging(Call call, String cause) {
    if (_callId != call.id || _state is! Incoming) return;
    if (call.me.state == PartyState.ringing) _silenced.add(call.id);
    _forget();
    unawaited(_quietly(phone.stopRinging(call.id, cause)));
    _set(Ended(call: call, isElsewhere: cause.endsWith('_elsewhere')));
  }

  /// As a push would name it.
  String _stopCause(Call call) => switch (call.me.state) {
    PartyState.joining ||
    PartyState.joined ||
    PartyState.lost => 'answered_elsewhere',
    PartyState.declined || PartyState.busy => 'declined_elsewhere',
    PartyState.missed || PartyState.ringing => 'over',
    _ => call.outcome == Outcome.cancelled ? 'cancelled' : 'ended',
  };

  // What is done outside of the app.

  void _onPhone(PhoneEvent event) {
    switch (event) {
      case AnsweredOutside(:final callId):
        unawaited(_answered(callId));
      case HungUpOutside(:final callId) when callId == _callId:
        unawaited(hangUp());
      case HungUpOutside(:final callId):
        unawaited(_quietly(client.leave(callId)));
      case MutedOutside(:final isMuted):
        unawaited(_quietly(_mute(isMuted)));
      case SoundGiven(:final isGiven):
        unawaited(
          _quietly(
            AudioManager.instance.setEngineAvailability(
              isGiven
                  ? AudioEngineAvailability.defaultAvailability
                  : AudioEngineAvailability.none,
            ),
          ),
        );
      case PushesChanged _:
        break; // PushRegistration hears it
    }
  }

  Future<void> _answered(String id) async {
    if (_callId == id && (_session != null || _entering == id)) return;
    if (_callId != null && _callId != id) await hangUp();
    final call = _live[id];
    _begin(id, call, Connecting(call));
    await _enter(id, () => client.accept(id));
  }

  // The way into the room, and out of it.

  Future<void> _enter(String id, Future<Entry> Function() ask) async {
    _entering = id;
    try {
      final entry = await ask();
      if (_callId != id) {
        // Hung up meanwhile, before the server knew of it.
        await _quietly(client.leave(entry.call.id));
        return;
      }
      if (entry.call.id != id) await _becomes(entry.call, from: id);
      _hear(entry.call, Cause.unknown);
      await _connect(entry);
    } on CallException catch (error) {
      if (_callId == id) _end(Ended(call: _call ?? _live[id], error: error));
    } finally {
      _entering = null;
    }
  }

  /// Both called each other at once: it is the other's call.
  Future<void> _becomes(Call call, {required String from}) async {
    _callId = call.id;
    _entering = call.id;
    await _quietly(phone.ended(from, 'ended'));
    if (await phone.answer(call.id)) return; // it was ringing here already
    await _quietly(phone.outgoing(call.id, call.otherName ?? '', call.kind));
  }

  Future<void> _connect(Entry entry) async {
    final (url, token) = (entry.serverUrl, entry.token);
    if (url == null || token == null) return _end(Ended(call: entry.call));
    final id = entry.call.id;
    final session = RoomSession(
      onChange: _onRoom,
      onDisconnected: (session, reason) =>
          unawaited(_disconnected(session, reason)),
    );
    _session = session;
    try {
      await session.connect(
        url,
        token,
        withCamera: entry.call.kind == CallKind.video,
        isMuted: () => _isMuted,
      );
    } on Object catch (error) {
      await _quietly(session.close());
      if (_session != session) return;
      // In the call, and not in its room: the other one must not wait for us.
      await _quietly(client.leave(id));
      return _end(
        Ended(
          call: entry.call,
          error: CallException.local(CallErrorCode.roomUnreachable, '$error'),
        ),
      );
    }
    if (_session != session) return await session.close();
    _onRoom();
  }

  void _onRoom() {
    final session = _session;
    if (session == null) return;
    final isCallee = _call?.me.role == Role.callee;
    final isThere = _state is! InCall && (session.isAnswered || isCallee);
    if (!isThere) return _set(_state);
    _set(InCall(_call, since: DateTime.now()));
    final call = _call;
    if (call == null) return;
    final name = call.otherName ?? '';
    unawaited(_quietly(phone.connected(call.id, name, call.kind)));
    // Muted before CallKit knew of this call.
    if (_isMuted) unawaited(_quietly(phone.mute(call.id, isMuted: true)));
  }

  /// Ended, taken over by another phone, or a network that was away for too long: the server knows.
  Future<void> _disconnected(
    RoomSession session,
    DisconnectReason? reason,
  ) async {
    if (_session != session) return;
    _session = null;
    await _quietly(session.close());
    final id = _callId;
    for (var tries = 0; id != null && _callId == id && tries < 10; tries += 1) {
      try {
        final call = await client.get(id);
        if (_callId != id || _session != null) return;
        if (call.isEnded || !call.isHere(client.installationId)) {
          return _end(
            Ended(
              call: call,
              isElsewhere: call.isElsewhere(client.installationId),
            ),
          );
        }
        _set(Connecting(call));
        return await _enter(id, () => client.accept(id)); // the seat, a fresh token
      } on CallException catch (error) {
        if (error.code != CallErrorCode.unreachable) break;
        await Future<void>.delayed(const Duration(seconds: 3));
      }
    }
    if (id != null && _callId == id) _end(Ended(call: _call));
  }

  void _begin(String id, Call? call, PhoneState state) {
    _ringTimer?.cancel();
    _callId = id;
    _call = call;
    _isMuted = false;
    _isSpeakerOn = false;
    _set(state);
  }

  void _end(Ended ended) {
    final id = _callId;
    final session = _session;
    final cause = ended.isElsewhere ? 'answered_elsewhere' : 'ended';
    _forget();
    if (id != null) unawaited(_quietly(phone.ended(id, cause)));
    if (session != null) unawaited(_quietly(session.close()));
    _set(ended);
  }

  void _forget() {
    _ringTimer?.cancel();
    _callId = null;
    _call = null;
    _session = null;
  }

  void _set(PhoneState state) {
    _state = state;
    if (!_isDisposed) notifyListeners();
  }

  /// What the person can do nothing about: LiveKit and the server find it out by themselves.
  Future<void> _quietly(Future<Object?> work) async {
    try {
      await work;
    } on Object {
      // See above.
    }
  }
}
