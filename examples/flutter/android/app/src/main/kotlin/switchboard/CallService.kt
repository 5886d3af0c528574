package switchboard

import android.Manifest
import android.app.NotificationManager
import android.app.Service
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.content.pm.ServiceInfo
import android.os.Build
import android.os.IBinder
import androidx.core.app.ServiceCompat
import androidx.core.content.ContextCompat

/**
 * In the foreground while it rings, so that the watcher's thread goes on, and while people talk, so
 * that Android leaves the microphone to an app that is not looked at.
 */
class CallService : Service() {
    override fun onBind(intent: Intent?): IBinder? = null

    private var lastStartId = 0

    override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int {
        lastStartId = startId
        when (intent?.action) {
            RING -> ring(Ring.of(intent.extras))
            TALK -> talk(
                intent.getStringExtra("id") ?: "",
                intent.getStringExtra("nameCaller") ?: "",
                intent.getBooleanExtra("isVideo", false),
            )
            else -> stopSelf(startId)
        }
        return START_NOT_STICKY
    }

    /** Whoever is started as a foreground service has to become one, whatever has happened since. */
    private fun ring(given: Ring?) {
        val ring = given ?: return stopSelf(lastStartId)
        val notification = Notifications.ringing(this, ring)
        ServiceCompat.startForeground(this, Notifications.CALL_ID, notification, phoneCall())
        current = this
        if (Ringing.ring?.id != ring.id) rest()
    }

    private fun talk(id: String, name: String, isVideo: Boolean) {
        var type = phoneCall()
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            if (isGranted(Manifest.permission.RECORD_AUDIO)) {
                type = type or ServiceInfo.FOREGROUND_SERVICE_TYPE_MICROPHONE
            }
            if (isVideo && isGranted(Manifest.permission.CAMERA)) {
                type = type or ServiceInfo.FOREGROUND_SERVICE_TYPE_CAMERA
            }
        }
        val notification = Notifications.talking(this, id, name)
        ServiceCompat.startForeground(this, Notifications.CALL_ID, notification, type)
        current = this
        if (!isTalking) end()
    }

    private fun phoneCall(): Int =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            ServiceInfo.FOREGROUND_SERVICE_TYPE_PHONE_CALL
        } else {
            0
        }

    private fun isGranted(permission: String): Boolean =
        ContextCompat.checkSelfPermission(this, permission) == PackageManager.PERMISSION_GRANTED

    /** Nothing rings and nobody talks: over, but for a no that the server has not heard yet. */
    private fun rest() {
        if (unheard == 0 || !stay()) end()
    }

    /** Under another id, which takes the ring off the screen. False: Android does not allow it. */
    private fun stay(): Boolean =
        try {
            val notification = Notifications.declining(this)
            ServiceCompat.startForeground(
                this,
                Notifications.DECLINING_ID,
                notification,
                phoneCall(),
            )
            true
        } catch (error: IllegalStateException) {
            false
        }

    /** By the last start: one that is on its way keeps its service. */
    private fun end() {
        ServiceCompat.stopForeground(this, ServiceCompat.STOP_FOREGROUND_REMOVE)
        stopSelf(lastStartId)
    }

    override fun onDestroy() {
        if (current === this) current = null
        super.onDestroy()
    }

    /** Swiped away in the middle of a call: the app is gone, and LiveKit tells the server. */
    override fun onTaskRemoved(rootIntent: Intent?) {
        isTalking = false
        if (Ringing.ring == null) rest()
    }

    companion object {
        private const val RING = "switchboard.RING"
        private const val TALK = "switchboard.TALK"
        var isTalking = false
            private set
        private var current: CallService? = null
        private var unheard = 0

        /** Throws an IllegalStateException where no service may be started from the background. */
        fun startRinging(context: Context, ring: Ring) {
            val intent = Intent(context, CallService::class.java)
                .setAction(RING)
                .putExtras(ring.toBundle())
            ContextCompat.startForegroundService(context, intent)
        }

        fun stopRinging(context: Context) {
            if (isTalking) return
            // One that has not come to the foreground yet finds that nothing rings: to stop it before
            // is a crash.
            current?.rest()
            context.getSystemService(NotificationManager::class.java).cancel(Notifications.CALL_ID)
        }

        /** A no is on its way: the process stays for it, in the foreground where a service runs already. */
        fun declining() {
            unheard += 1
        }

        fun declined() {
            unheard -= 1
            if (unheard == 0 && !isTalking && Ringing.ring == null) current?.end()
        }

        /** From an app that is looked at: the microphone is not given to others. */
        fun startTalking(context: Context, id: String, name: String, isVideo: Boolean) {
            isTalking = true
            val intent = Intent(context, CallService::class.java)
                .setAction(TALK)
                .putExtra("id", id)
                .putExtra("nameCaller", name)
                .putExtra("isVideo", isVideo)
            ContextCompat.startForegroundService(context, intent)
        }

        fun stopTalking(context: Context) {
            isTalking = false
            if (Ringing.ring == null) stopRinging(context)
        }
    }
}
