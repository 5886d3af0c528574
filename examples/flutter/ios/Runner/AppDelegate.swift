import Flutter
import UIKit

@main
@objc class AppDelegate: FlutterAppDelegate {
  /// One for the life of the app, and not the storyboard's: whoever answers on the locked screen opens
  /// no window, and the app's own code has to run all the same.
  lazy var engine: FlutterEngine = {
    let engine = FlutterEngine(name: "phone")
    engine.run()
    GeneratedPluginRegistrant.register(with: engine)
    channel = PhoneChannel(engine.binaryMessenger)
    return engine
  }()
  private var channel: PhoneChannel?

  override func application(
    _ application: UIApplication,
    didFinishLaunchingWithOptions launchOptions: [UIApplication.LaunchOptionsKey: Any]?
  ) -> Bool {
    // First of all: a push that woke the app waits for it.
    Ringing.shared.start()
    Ringing.shared.onRing = { [weak self] in
      DispatchQueue.main.async { _ = self?.engine }
    }
    application.registerForRemoteNotifications()
    return super.application(application, didFinishLaunchingWithOptions: launchOptions)
  }

  override func application(
    _ application: UIApplication, didRegisterForRemoteNotificationsWithDeviceToken token: Data
  ) {
    Ringing.shared.keep(apnsToken: token)
    super.application(application, didRegisterForRemoteNotificationsWithDeviceToken: token)
  }

  /// A ring that ended elsewhere (in the background), or a missed call (shown by the system).
  override func application(
    _ application: UIApplication, didReceiveRemoteNotification fields: [AnyHashable: Any],
    fetchCompletionHandler done: @escaping (UIBackgroundFetchResult) -> Void
  ) {
    guard fields["type"] as? String == "stop_ring" else {
      super.application(
        application, didReceiveRemoteNotification: fields, fetchCompletionHandler: done)
      return
    }
    Ringing.shared.stop(push: fields)
    done(.newData)
  }
}
