// A picture from the camera: live where the browser allows it, otherwise the phone's own camera through a file input.

/** Whether this browser lets a page see a camera: only over TLS or on the machine itself. */
export const isLive = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** The camera dialog. `onPicture` gets a JPEG as a Blob. */
export class Camera {
  constructor(dialog, onPicture) {
    this.dialog = dialog;
    this.video = dialog.querySelector("video");
    this.note = dialog.querySelector(".note");
    this.shutter = dialog.querySelector("#shoot");
    this.onPicture = onPicture;
    this.usual = this.note.textContent;
    this.shutter.addEventListener("click", () => this.shoot());
    dialog.querySelector("#close-camera").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.stop());
    this.video.addEventListener("playing", () => {
      this.shutter.disabled = false;
      this.shutter.focus();
    });
  }

  async open() {
    this.note.textContent = this.usual;
    this.shutter.disabled = true;
    this.dialog.showModal();
    const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 3840 }, height: { ideal: 2160 } };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
      if (!this.dialog.open) return stopAll(stream); // closed while the browser asked
      this.stream = stream;
      this.video.srcObject = stream;
    } catch (error) {
      this.note.textContent = REFUSED[error.name] ?? `The camera cannot be used (${error.name}).`;
    }
  }

  async shoot() {
    this.shutter.disabled = true;
    const picture = (await photograph(this.stream)) ?? (await frame(this.video));
    this.dialog.close();
    this.onPicture(picture);
  }

  stop() {
    stopAll(this.stream);
    this.stream = null;
    this.video.srcObject = null;
  }
}

const REFUSED = {
  NotAllowedError: "This page may not use the camera. Allow it in the browser's settings, or choose a file.",
  NotFoundError: "No camera found. Choose a file instead.",
  NotReadableError: "The camera is in use by another program.",
};

function stopAll(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

/** A still at the camera's full resolution, where the browser can take one. */
async function photograph(stream) {
  if (!("ImageCapture" in window)) return null;
  try {
    return await new ImageCapture(stream.getVideoTracks()[0]).takePhoto();
  } catch {
    return null;
  }
}

function frame(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.94));
}
