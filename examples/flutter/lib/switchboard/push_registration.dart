import 'dart:async';
import 'dart:ui' show PlatformDispatcher;

import 'package:firebase_messaging/firebase_messaging.dart';

import 'calls_client.dart';
import 'models.dart';
import 'native_phone.dart';

/// Tells the server where this phone can be rung: at every start, and whenever a value is new.
class PushRegistration {
  PushRegistration(this._client, this._phone);

  final CallsClient _client;
  final NativePhone _phone;
  final List<StreamSubscription<Object?>> _subscriptions = [];
  bool _isOn = false;

  /// Of the last request, well or not. One goes after the other: a `PUT` that is on its way must not
  /// reach the server behind the `DELETE`, or this phone rings for whoever has left.
  Future<void> _last = Future<void>.value();

  /// Registers, and asks for permission to notify where it was not asked before: neither waits for the
  /// other, for a ring of CallKit's needs no permission.
  Future<void> start() async {
    _isOn = true;
    final messaging = FirebaseMessaging.instance;
    _subscriptions
      ..add(messaging.onTokenRefresh.listen((_) => unawaited(_put())))
      ..add(
        _phone.events.listen((event) {
          if (event is PushesChanged) unawaited(_put());
        }),
      );
    unawaited(_put());
    await messaging.requestPermission();
  }

  /// At sign-out, while the ID token still counts. Where the server can't be asked the value moves with
  /// whoever signs in next; until then this phone rings for the one before.
  Future<void> stop() async {
    await pause();
    await _inTurn(_client.removeDevice);
  }

  Future<void> pause() async {
    _isOn = false;
    for (final subscription in _subscriptions) {
      await subscription.cancel();
    }
    _subscriptions.clear();
  }

  Future<void> _put() async {
    for (var tries = 0; _isOn && tries < 5; tries += 1) {
      try {
        final pushes = await _pushes();
        if (pushes.isEmpty || !_isOn) return; // the first value comes as an event
        return await _inTurn(() async {
          if (!_isOn) return;
          await _client.putDevice(
            platform: _phone.platform,
            pushes: pushes,
            locale: PlatformDispatcher.instance.locale.toLanguageTag(),
          );
        });
      } on Object {
        await Future<void>.delayed(Duration(seconds: 2 << tries));
      }
    }
  }

  Future<void> _inTurn(Future<void> Function() ask) {
    final mine = _last.then((_) => ask());
    _last = mine.catchError((Object _) {});
    return mine;
  }

  /// On iOS APNs rings, and FCM is not needed for it. Elsewhere FCM's value is all there is.
  Future<List<PushTarget>> _pushes() async {
    final native = await _phone.pushes();
    if (_phone.platform == 'ios') return native;
    final token = await FirebaseMessaging.instance.getToken();
    return [...native, if (token != null) PushTarget('fcm_token', token)];
  }
}
