import 'dart:async';

import 'package:firebase_auth/firebase_auth.dart';
import 'package:firebase_core/firebase_core.dart';
import 'package:flutter/material.dart';

import 'switchboard/call_controller.dart';
import 'switchboard/calls_client.dart';
import 'switchboard/models.dart';
import 'switchboard/native_phone.dart';
import 'switchboard/phone_view.dart';

/// The same stands in android/ (`switchboard.base_url`) and ios/ (`SwitchboardBaseURL`): there it is
/// asked while no Dart runs.
const baseUrl = String.fromEnvironment(
  'SWITCHBOARD_BASE_URL',
  defaultValue: 'https://calls.example.com/api/calls',
);

Future<void> main() async {
  WidgetsFlutterBinding.ensureInitialized();
  await Firebase.initializeApp(); // or with the options that `flutterfire configure` writes
  runApp(App(phone: NativePhone()));
}

class App extends StatefulWidget {
  const App({required this.phone, super.key});

  final NativePhone phone;

  @override
  State<App> createState() => _AppState();
}

/// One controller for whoever is signed in.
class _AppState extends State<App> {
  late final StreamSubscription<User?> _users;
  StreamSubscription<PhoneEvent>? _answers;
  CallController? _controller;
  String? _uid;

  @override
  void initState() {
    super.initState();
    _users = FirebaseAuth.instance.authStateChanges().listen(
      (user) => unawaited(_onUser(user)),
    );
  }

  Future<void> _onUser(User? user) async {
    // At the start nobody is known yet, and nobody's answers are heard.
    final isHeard = user != null || _answers != null;
    if (user?.uid == _uid && isHeard) return;
    _uid = user?.uid;
    _controller?.dispose();
    _controller = null;
    unawaited(_answers?.cancel());
    _answers = null;
    if (user == null) {
      unawaited(_hangUpForNobody());
    } else {
      final installationId = await widget.phone.installationId();
      if (!mounted || _uid != user.uid) return;
      final controller = CallController(
        client: CallsClient(
          Uri.parse(baseUrl),
          installationId: installationId,
        ),
        phone: widget.phone,
      );
      _controller = controller;
      unawaited(controller.start());
    }
    if (mounted) setState(() {});
  }

  /// Rung for somebody who has left, and answered: the ticket has taken the seat, and nobody can ask for
  /// the way in. It ends here at once; the server gives the seat back when nobody has come.
  Future<void> _hangUpForNobody() async {
    final phone = widget.phone;
    _answers = phone.events.listen((event) {
      if (event is AnsweredOutside) unawaited(phone.ended(event.callId, 'ended'));
    });
    final answered = await phone.ready();
    if (answered != null) await phone.ended(answered, 'ended');
  }

  /// In this order: what has to be said to the server needs the ID token.
  Future<void> _signOut() async {
    await _controller?.signOut();
    await FirebaseAuth.instance.signOut();
  }

  @override
  void dispose() {
    unawaited(_users.cancel());
    unawaited(_answers?.cancel());
    _controller?.dispose();
    super.dispose();
  }

  @override
  Widget build(BuildContext context) {
    final controller = _controller;
    return MaterialApp(
      builder: (context, child) => controller == null
          ? child!
          : PhoneView(controller: controller, child: child!),
      home: controller == null
          ? const SignInPage()
          : HomePage(controller: controller, onSignOut: _signOut),
    );
  }
}

/// Yours.
class SignInPage extends StatelessWidget {
  const SignInPage({super.key});

  @override
  Widget build(BuildContext context) => Scaffold(
    body: Center(
      child: FilledButton(
        onPressed: () => FirebaseAuth.instance.signInAnonymously(),
        child: const Text('Sign in'),
      ),
    ),
  );
}

class HomePage extends StatefulWidget {
  const HomePage({
    required this.controller,
    required this.onSignOut,
    super.key,
  });

  final CallController controller;
  final Future<void> Function() onSignOut;

  @override
  State<HomePage> createState() => _HomePageState();
}

class _HomePageState extends State<HomePage> {
  final _uid = TextEditingController();
  bool _mayFillScreen = true;

  @override
  void initState() {
    super.initState();
    unawaited(_look());
  }

  Future<void> _look() async {
    final may = await widget.controller.phone.mayFillScreen();
    if (mounted) setState(() => _mayFillScreen = may);
  }

  @override
  void dispose() {
    _uid.dispose();
    super.dispose();
  }

  Future<void> _call(CallKind kind) =>
      widget.controller.place([_uid.text.trim()], kind: kind, name: _uid.text);

  @override
  Widget build(BuildContext context) => Scaffold(
    appBar: AppBar(
      title: const Text('Phone'),
      actions: [
        IconButton(
          icon: const Icon(Icons.logout),
          onPressed: widget.onSignOut,
        ),
      ],
    ),
    body: Padding(
      padding: const EdgeInsets.all(16),
      child: Column(
        spacing: 16,
        children: [
          if (!_mayFillScreen)
            FilledButton.tonal(
              onPressed: widget.controller.phone.askToFillScreen,
              child: const Text('Show calls on the locked screen'),
            ),
          TextField(
            controller: _uid,
            decoration: const InputDecoration(labelText: 'Whom to call (uid)'),
          ),
          Row(
            spacing: 16,
            children: [
              FilledButton(
                onPressed: () => _call(CallKind.audio),
                child: const Text('Call'),
              ),
              FilledButton(
                onPressed: () => _call(CallKind.video),
                child: const Text('Video call'),
              ),
            ],
          ),
        ],
      ),
    ),
  );
}
