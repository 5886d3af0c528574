import 'dart:async';
import 'dart:convert';
import 'dart:math';

import 'package:firebase_auth/firebase_auth.dart' show FirebaseAuth;
import 'package:http/http.dart' as http;

import 'errors.dart';
import 'models.dart';

/// An ID token of whoever is signed in, or null where nobody is.
typedef IdToken = Future<String?> Function({required bool fresh});

Future<String?> firebaseIdToken({required bool fresh}) async =>
    await FirebaseAuth.instance.currentUser?.getIdToken(fresh);

/// A UUID, as CallKit and the server want it.
String newCallId() {
  final random = Random.secure();
  final bytes = List<int>.generate(16, (_) => random.nextInt(256));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  final hex = [
    for (final byte in bytes) byte.toRadixString(16).padLeft(2, '0'),
  ].join();
  return '${hex.substring(0, 8)}-${hex.substring(8, 12)}-${hex.substring(12, 16)}'
      '-${hex.substring(16, 20)}-${hex.substring(20)}';
}

/// Every route that an app asks. Each request but `invite` may be sent twice, and is, where its answer
/// got lost. Throws a [CallException], and nothing else.
class CallsClient {
  CallsClient(
    this.baseUrl, {
    required this.installationId,
    IdToken? idToken,
    http.Client? client,
  }) : _idToken = idToken ?? firebaseIdToken,
       _client = client ?? http.Client();

  /// `https://calls.example.com/api/calls`
  final Uri baseUrl;

  /// Of this app on this phone: the name of its pushes, and of the device that holds a seat.
  final String installationId;
  final IdToken _idToken;
  final http.Client _client;

  /// [callId] is of the app's own making, new for every call and the same for a retry.
  Future<Entry> place({
    required List<String> callees,
    required String callId,
    CallKind kind = CallKind.audio,
    String? context,
    Object? data,
  }) async => _entryIn(
    await _ask(
      'POST',
      '',
      body: {
        'callees': callees,
        'kind': kind.wire,
        'deviceId': installationId,
        'installationId': installationId,
        'callId': callId,
        if (context != null) 'context': context,
        if (data != null) 'data': data,
      },
    ),
  );

  /// Of a call that rings here; and the way back in for whoever is in it already.
  Future<Entry> accept(
    String callId, {
    bool takeOver = false,
    String? instead,
  }) async => _entryIn(
    await _ask(
      'POST',
      '/:callId/accept',
      id: callId,
      body: {
        'deviceId': installationId,
        'installationId': installationId,
        if (takeOver) 'takeOver': true,
        if (instead != null) 'instead': instead,
      },
    ),
  );

  /// [reason] is `declined`, `busy`, or `timeout`: this phone stopped ringing, which changes nothing.
  Future<Call> decline(String callId, {String reason = 'declined'}) async =>
      _callIn(
        await _ask(
          'POST',
          '/:callId/decline',
          id: callId,
          body: {'reason': reason, 'installationId': installationId},
        ),
      );

  /// Whatever the state: hangs up, cancels, or declines.
  Future<Call> leave(String callId) async => _callIn(
    await _ask(
      'POST',
      '/:callId/leave',
      id: callId,
      body: {'deviceId': installationId, 'installationId': installationId},
    ),
  );

  /// Ends it for everybody.
  Future<Call> end(String callId) async => _callIn(
    await _ask(
      'POST',
      '/:callId/end',
      id: callId,
      body: {'installationId': installationId},
    ),
  );

  /// Rings more people. Not sent twice: who has declined meanwhile would be rung again.
  Future<Call> invite(String callId, List<String> callees) async => _callIn(
    await _ask(
      'POST',
      '/:callId/invite',
      id: callId,
      body: {'callees': callees},
      isRepeatable: false,
    ),
  );

  /// This phone rings: the caller sees "ringing" in place of "calling".
  Future<void> alerting(String callId) async {
    await _ask(
      'POST',
      '/:callId/alerting',
      id: callId,
      body: {'installationId': installationId},
    );
  }

  /// With [after], held open until the call is another than that version, for 25 s at most.
  Future<Call> get(String callId, {int? after}) async => _callIn(
    await _ask(
      'GET',
      '/:callId',
      id: callId,
      query: {
        if (after != null) 'waitSeconds': '25',
        if (after != null) 'after': '$after',
      },
    ),
  );

  /// Of which calls the signed-in user is a part now.
  Future<List<Call>> live() async =>
      CallPage(await _ask('GET', '', query: {'live': '1'})).calls;

  Future<CallPage> history({
    String? context,
    String? after,
    int? limit,
  }) async => CallPage(
    await _ask(
      'GET',
      '',
      query: {
        if (context != null) 'context': context,
        if (after != null) 'after': after,
        if (limit != null) 'limit': '$limit',
      },
    ),
  );

  /// What has changed since [after]; held open for 25 s at most. Without it: all live calls, at once.
  Future<FeedPage> events({String? after}) async => FeedPage(
    await _ask(
      'GET',
      '/events',
      query: {
        if (after != null) 'waitSeconds': '25',
        if (after != null) 'after': after,
      },
    ),
  );

  /// A token for a room of your own, or of a call in which this user holds a seat.
  Future<Json> roomToken(String roomName) =>
      _ask('POST', '/livekit-token', body: {'room_name': roomName});

  /// At every start, and when a value has changed. A value moves with the user who signed in last.
  Future<void> putDevice({
    required String platform,
    required List<PushTarget> pushes,
    String? locale,
  }) async {
    await _ask(
      'PUT',
      '/devices/:installationId',
      id: installationId,
      body: {
        'platform': platform,
        'pushes': [for (final push in pushes) push.toJson()],
        if (locale != null) 'locale': locale,
      },
    );
  }

  /// Before sign-out: afterwards nobody can say so.
  Future<void> removeDevice() async {
    await _ask('DELETE', '/devices/:installationId', id: installationId);
  }

  void close() => _client.close();

  Entry _entryIn(Json json) => Entry.of(_callIn(json), json);

  Call _callIn(Json json) {
    final call = json.object('call');
    if (call != null && call['id'] is String) return Call(call);
    throw CallException.local(
      CallErrorCode.answerInvalid,
      'No call in the answer.',
    );
  }

  Future<Json> _ask(
    String method,
    String path, {
    String? id,
    Json? body,
    Map<String, String> query = const {},
    bool isRepeatable = true,
  }) async {
    final url = baseUrl.replace(
      pathSegments: [
        ...baseUrl.pathSegments.where((part) => part.isNotEmpty),
        for (final part in path.split('/').skip(1))
          part.startsWith(':') ? id! : part,
      ],
      queryParameters: query.isEmpty ? null : query,
    );
    Future<Json> send({bool fresh = false}) async {
      final request = http.Request(method, url);
      if (body != null) {
        request.body = jsonEncode(body);
        request.headers['Content-Type'] = 'application/json';
      }
      return await _send(request, fresh: fresh);
    }

    try {
      return await send();
    } on CallException catch (error) {
      if (error.code == CallErrorCode.idTokenExpired) {
        return await send(fresh: true);
      }
      final isWorthAnother =
          error.code == CallErrorCode.unreachable || error.status == 503;
      if (!isWorthAnother || !isRepeatable) rethrow;
      await Future<void>.delayed(_pause(error.retryAfter));
      return await send();
    }
  }

  /// As the server says, but no longer than somebody waits for a call.
  Duration _pause(Duration? retryAfter) {
    const most = Duration(seconds: 5);
    final pause = retryAfter ?? const Duration(seconds: 1);
    return pause > most ? most : pause;
  }

  Future<Json> _send(http.Request request, {required bool fresh}) async {
    final isHeld = request.url.queryParameters.containsKey('waitSeconds');
    final timeout = Duration(seconds: isHeld ? 35 : 10);
    try {
      final idToken = await _tokenOf(fresh: fresh).timeout(timeout);
      if (idToken == null) {
        throw CallException.local(
          CallErrorCode.signedOut,
          'Nobody is signed in.',
        );
      }
      request.headers['Authorization'] = 'Bearer $idToken';
      final response = await _client
          .send(request)
          .then(http.Response.fromStream)
          .timeout(timeout);
      return _jsonIn(response);
    } on TimeoutException {
      throw CallException.local(
        CallErrorCode.unreachable,
        'No answer in time.',
      );
    } on http.ClientException catch (error) {
      throw CallException.local(CallErrorCode.unreachable, error.message);
    }
  }

  /// Firebase asks Google for a token that is older than an hour, and throws where no network is: often
  /// so in a phone that has just been woken.
  Future<String?> _tokenOf({required bool fresh}) async {
    try {
      return await _idToken(fresh: fresh);
    } on Object catch (error) {
      throw CallException.local(CallErrorCode.unreachable, '$error');
    }
  }

  Json _jsonIn(http.Response response) {
    Json json = const {};
    var isJson = response.bodyBytes.isEmpty;
    try {
      final Object? decoded = jsonDecode(utf8.decode(response.bodyBytes));
      if (decoded is Json) {
        json = decoded;
        isJson = true;
      }
    } on FormatException {
      // A proxy or a captive portal answers HTML.
    }
    final status = response.statusCode;
    if (status >= 200 && status < 300 && isJson) return json;
    final retryAfter = int.tryParse(response.headers['retry-after'] ?? '');
    throw CallException(
      json.text('code') ?? CallErrorCode.answerInvalid.wire,
      json.text('error') ?? 'HTTP $status',
      status: status,
      callId: json.text('callId'),
      requestId: json.text('requestId'),
      retryAfter: retryAfter == null ? null : Duration(seconds: retryAfter),
    );
  }
}
