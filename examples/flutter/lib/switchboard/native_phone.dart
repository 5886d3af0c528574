import 'dart:async';
import 'dart:io' show Platform;

import 'package:flutter/services.dart';

import 'models.dart';

/// What the person did outside of the app's own screen, or what the system says.
sealed class PhoneEvent {
  const PhoneEvent();
}

/// Answered on the lock screen, in a notification, or on a headset. The seat may be taken already, by
/// the ticket; the way into the room is asked for with the ID token.
final class AnsweredOutside extends PhoneEvent {
  const AnsweredOutside(this.callId);
  final String callId;
}

final class HungUpOutside extends PhoneEvent {
  const HungUpOutside(this.callId);
  final String callId;
}

final class MutedOutside extends PhoneEvent {
  const MutedOutside({required this.isMuted});
  final bool isMuted;
}

/// CallKit has given the sound to this app, or taken it.
final class SoundGiven extends PhoneEvent {
  const SoundGiven({required this.isGiven});
  final bool isGiven;
}

/// A value of PushKit's or APNs' is new.
final class PushesChanged extends PhoneEvent {
  const PushesChanged();
}

/// The native side, by one channel: android/…/PhoneChannel.kt and ios/Runner/PhoneChannel.swift. It
/// rings where no Dart runs; here it is told what the app knows, and tells what was done outside of it.
class NativePhone {
  NativePhone() {
    _channel.setMethodCallHandler(_hear);
  }

  static const _channel = MethodChannel('switchboard/phone');
  final _events = StreamController<PhoneEvent>.broadcast();

  Stream<PhoneEvent> get events => _events.stream;

  String get platform => Platform.isIOS ? 'ios' : 'android';

  /// Made by the native side at the app's first start, outside of what backups bring to another phone.
  Future<String> installationId() async =>
      await _channel.invokeMethod<String>('installationId') ??
      (throw StateError('The native side gave no installation id.'));

  /// The call that was answered before this app ran, if one was. Events are told from now on.
  Future<String?> ready() => _channel.invokeMethod<String>('ready');

  /// `apns_voip` and `apns` on iOS; FCM's value comes from firebase_messaging.
  Future<List<PushTarget>> pushes() async {
    final list = await _channel.invokeListMethod<Map<Object?, Object?>>('pushes');
    return [
      for (final Map<Object?, Object?> push in list ?? const [])
        if ((push['kind'], push['value']) case (
          final String kind,
          final String value,
        ))
          PushTarget(kind, value, isSandbox: push['isSandbox'] == true),
    ];
  }

  /// Rings, unless it does so already for this id.
  Future<void> ring(Call call) => _channel.invokeMethod<void>('ring', {
    'id': call.id,
    'nameCaller': call.callerName,
    'handle': call.caller,
    'kind': call.kind.wire,
    'ringSeconds': call.me.ringSeconds,
  });

  /// [cause] as in a push that stops a ring.
  Future<void> stopRinging(String callId, String cause) => _channel
      .invokeMethod<void>('stopRinging', {'id': callId, 'cause': cause});

  /// Answers as if it had been done outside. False: nothing rings there under this id.
  Future<bool> answer(String callId) async =>
      await _channel.invokeMethod<bool>('answer', {'id': callId}) ?? false;

  /// Likewise.
  Future<bool> decline(String callId) async =>
      await _channel.invokeMethod<bool>('decline', {'id': callId}) ?? false;

  /// An outgoing call begins: CallKit is told, and gives the sound.
  Future<void> outgoing(String callId, String name, CallKind kind) =>
      _channel.invokeMethod<void>('outgoing', {
        'id': callId,
        'nameCaller': name,
        'kind': kind.wire,
      });

  /// In its room: Android keeps the microphone for it while the app is in the background.
  Future<void> connected(String callId, String name, CallKind kind) =>
      _channel.invokeMethod<void>('connected', {
        'id': callId,
        'nameCaller': name,
        'kind': kind.wire,
      });

  /// CallKit shows it, and a headset knows it. Comes back as [MutedOutside], which changes nothing then.
  Future<void> mute(String callId, {required bool isMuted}) => _channel
      .invokeMethod<void>('mute', {'id': callId, 'isMuted': isMuted});

  Future<void> ended(String callId, String cause) =>
      _channel.invokeMethod<void>('ended', {'id': callId, 'cause': cause});

  /// Android 14 and later: whether an incoming call may fill a locked screen. True elsewhere.
  Future<bool> mayFillScreen() async =>
      await _channel.invokeMethod<bool>('mayFillScreen') ?? true;

  /// Opens the page of the settings where that is allowed.
  Future<void> askToFillScreen() =>
      _channel.invokeMethod<void>('askToFillScreen');

  Future<Object?> _hear(MethodCall call) async {
    final arguments = call.arguments;
    final json = arguments is Map
        ? arguments.cast<String, Object?>()
        : const <String, Object?>{};
    final id = json.text('id')?.toLowerCase() ?? '';
    final event = switch (call.method) {
      'answered' => AnsweredOutside(id),
      'hungUp' => HungUpOutside(id),
      'muted' => MutedOutside(isMuted: json.flag('isMuted')),
      'sound' => SoundGiven(isGiven: json.flag('isGiven')),
      'pushesChanged' => const PushesChanged(),
      _ => null,
    };
    if (event == null) throw MissingPluginException(call.method);
    _events.add(event);
    return null;
  }
}
