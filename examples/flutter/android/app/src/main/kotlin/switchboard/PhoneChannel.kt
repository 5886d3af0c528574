package switchboard

import android.app.Activity
import android.app.NotificationManager
import android.content.Intent
import android.net.Uri
import android.os.Build
import android.provider.Settings
import io.flutter.plugin.common.BinaryMessenger
import io.flutter.plugin.common.MethodCall
import io.flutter.plugin.common.MethodChannel

/** What the app's own code and this side tell each other: lib/switchboard/native_phone.dart. */
class PhoneChannel(private val activity: Activity, messenger: BinaryMessenger) :
    MethodChannel.MethodCallHandler, Ringing.Listener {
    private val channel = MethodChannel(messenger, "switchboard/phone")
    private var isReady = false

    init {
        channel.setMethodCallHandler(this)
        Ringing.listen(this)
        current = this
    }

    fun close() {
        channel.setMethodCallHandler(null)
        Ringing.unlisten(this)
        CallService.stopTalking(activity) // LiveKit's room went with the engine
        if (current === this) current = null
    }

    override fun onAnswered(id: String) {
        if (!isReady) return
        Ringing.takeAnswered()
        tell("answered", id)
    }

    override fun onHungUp(id: String) = tell("hungUp", id)

    private fun tell(method: String, id: String) {
        if (isReady) channel.invokeMethod(method, mapOf("id" to id))
    }

    override fun onMethodCall(call: MethodCall, result: MethodChannel.Result) {
        val id = call.argument<String>("id")?.lowercase() ?: ""
        val name = call.argument<String>("nameCaller") ?: ""
        val isVideo = call.argument<String>("kind") == "video"
        when (call.method) {
            "installationId" -> result.success(Installation.id(activity))
            "ready" -> {
                isReady = true
                result.success(Ringing.takeAnswered())
            }
            "pushes" -> result.success(emptyList<Any>()) // FCM's is firebase_messaging's
            "ring" -> {
                Ring.of(call.arguments as Map<*, *>)?.let { Ringing.start(activity, it) }
                result.success(null)
            }
            "stopRinging" -> {
                Ringing.stop(activity, id)
                result.success(null)
            }
            "answer" -> result.success(answer(id))
            "decline" -> result.success(decline(id))
            "outgoing", "connected" -> {
                CallService.startTalking(activity, id, name, isVideo)
                result.success(null)
            }
            "ended" -> {
                Ringing.stop(activity, id)
                CallService.stopTalking(activity)
                showOverLock(false)
                result.success(null)
            }
            "mute" -> result.success(null) // the notification shows none
            "mayFillScreen" -> result.success(mayFillScreen())
            "askToFillScreen" -> {
                askToFillScreen()
                result.success(null)
            }
            else -> result.notImplemented()
        }
    }

    private fun answer(id: String): Boolean {
        val ring = Ringing.ring?.takeIf { it.id == id } ?: return false
        Ringing.answer(activity, ring)
        return true
    }

    private fun decline(id: String): Boolean {
        val ring = Ringing.ring?.takeIf { it.id == id } ?: return false
        return Ringing.decline(activity, ring)
    }

    private fun mayFillScreen(): Boolean {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.UPSIDE_DOWN_CAKE) return true
        return activity.getSystemService(NotificationManager::class.java).canUseFullScreenIntent()
    }

    private fun askToFillScreen() {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.UPSIDE_DOWN_CAKE) return
        val page = Uri.parse("package:${activity.packageName}")
        activity.startActivity(Intent(Settings.ACTION_MANAGE_APP_USE_FULL_SCREEN_INTENT, page))
    }

    /** Whoever answers on a locked screen talks on it, and sees no more of the app than the call. */
    fun showOverLock(isOn: Boolean) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.O_MR1) return
        activity.setShowWhenLocked(isOn)
        activity.setTurnScreenOn(isOn)
    }

    companion object {
        private var current: PhoneChannel? = null

        fun hungUp(id: String) {
            current?.tell("hungUp", id)
        }
    }
}
